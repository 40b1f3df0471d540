"""`--expect`: what is read, what is refused, and what an interval does to the answer."""

import pytest

from bench.report.canned_compare import comparison, row
from emu.compare.bootstrap import Estimate
from emu.compare.expectation import OF_A, OF_KERNELS, OF_VARIANTS, Figures, figures_of_rows, judge_all, parse
from emu.errors import UserError

ROWS = (2, 4)


@pytest.mark.parametrize(
    ("text", "figure", "relation", "value", "at"),
    [
        ("difference >= 50%", "difference", ">=", 50, None),
        ("difference>=-.5 % at 4", "difference", ">=", -0.5, 4),
        (" b.hold_cycles_mean < 2000 at 2 ", "b.hold_cycles_mean", "<", 2000, 2),
        ("a.contended_share <= 80%", "a.contended_share", "<=", 0.8, None),
        ("a.contended_share <= 0.8", "a.contended_share", "<=", 0.8, None),
        ("difference.wait_cycles_mean <= -40%", "difference.wait_cycles_mean of A's", "<=", -40, None),
        ("difference.wait_cycles_mean != +0", "difference.wait_cycles_mean", "!=", 0, None),
    ],
)
def test_read(text, figure, relation, value, at):
    found = parse(text, OF_VARIANTS, ROWS)
    assert (found.text, found.figure, found.relation, found.value, found.row) == (text.strip(), figure, relation, value, at)


@pytest.mark.parametrize(
    ("text", "known", "rows", "words"),
    [
        ("", OF_VARIANTS, ROWS, "wanted FIGURE >= NUMBER"),
        ("difference", OF_VARIANTS, ROWS, "wanted FIGURE >= NUMBER"),
        ("difference => 5", OF_VARIANTS, ROWS, "wanted FIGURE >= NUMBER"),
        ("difference > five", OF_VARIANTS, ROWS, "wanted FIGURE >= NUMBER"),
        ("difference > ٣", OF_VARIANTS, ROWS, "wanted FIGURE >= NUMBER"),
        ("hold > 5", OF_VARIANTS, ROWS, "there is no figure 'hold'; there are difference"),
        ("a.hold_cycles_mean > 5", OF_KERNELS, (), "there is no figure 'a.hold_cycles_mean'"),
        ("a.hold_cycles_mean > 5%", OF_VARIANTS, ROWS, "a.hold_cycles_mean is no percentage; leave the % out"),
        ("difference > 5 at 8", OF_VARIANTS, ROWS, "there is no row 8; the rows are 2, 4"),
        ("difference > 5 at 8", OF_KERNELS, (), "a comparison of two kernels has no rows"),
    ],
)
def test_refused(text, known, rows, words):
    with pytest.raises(UserError) as caught:
        parse(text, known, rows)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "estimate", "holds", "mean_holds"),
    [
        ("difference >= 50%", Estimate(60.0, (51.0, 70.0)), True, True),
        ("difference >= 50%", Estimate(60.0, (50.0, 70.0)), True, True),
        ("difference > 50%", Estimate(60.0, (50.0, 70.0)), False, True),
        ("difference >= 50%", Estimate(60.0, (49.0, 70.0)), False, True),
        ("difference >= 50%", Estimate(49.0, (48.0, 49.5)), False, False),
        ("difference >= 50%", Estimate(60.0), True, True),
        ("difference < 0", Estimate(-1.0, (-2.0, 0.5)), False, True),
        ("difference == 0", Estimate(0.0, (0.0, 0.0)), True, True),
        ("difference == 0", Estimate(0.0, (-1.0, 1.0)), False, True),
        ("difference != 0", Estimate(1.0, (-1.0, 3.0)), False, True),
        ("difference != 0", Estimate(1.0, (0.5, 3.0)), True, True),
        ("difference >= 0", None, False, False),
    ],
)
def test_it_holds_where_all_of_the_interval_does(text, estimate, holds, mean_holds):
    judged = parse(text, OF_VARIANTS).judge(Figures(4, "4 pairs", {"difference": estimate}))
    assert (judged.holds, judged.mean_holds) == (holds, mean_holds)


def test_every_figure_that_can_be_named_is_there_and_is_the_one_that_json_has():
    whole = comparison(row(2), row(4))
    for found, printed in zip(figures_of_rows(whole), whole.to_dict()["rows"], strict=True):
        named = {name: estimate for name, estimate in found.values.items() if not name.endswith(OF_A)}
        assert tuple(sorted(named)) == tuple(sorted(OF_VARIANTS))
        for name, estimate in named.items():
            side, _, quantity = name.partition(".")
            if side == "difference":
                expected = printed["differences"][quantity]["mean"] if quantity else printed["difference_percent"]
            else:
                expected = printed[side][quantity]
            assert estimate is not None
            assert estimate.mean == expected, name


def test_a_difference_can_be_said_in_percent_of_what_a_has():
    (found,) = figures_of_rows(comparison(row()))
    a, b = (found.values[f"{side}.hold_cycles_mean"].mean for side in "ab")
    share = found.values[f"difference.hold_cycles_mean{OF_A}"]
    assert share.mean == pytest.approx(100 * (b - a) / a)
    assert found.values[f"difference.messages_per_second{OF_A}"] == found.values["difference"]
    for bound, holds in ((share.mean - 1, True), (share.mean + 1, False)):
        assert parse(f"difference.hold_cycles_mean >= {bound:.6f}%", OF_VARIANTS).judge(found).holds == holds


def test_without_a_place_it_is_of_every_row():
    figures = figures_of_rows(comparison(row(2), row(4)))
    judged = judge_all([parse("difference > 0", OF_VARIANTS), parse("difference > 0 at 4", OF_VARIANTS, ROWS)], figures)
    assert [(each.expectation.row, each.figures.place) for each in judged] == [(None, "2 pairs"), (None, "4 pairs"), (4, "4 pairs")]
