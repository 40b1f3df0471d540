"""Floating bars from one variant's cycles to the other's."""

from emu.compare.comparison import Step
from emu.report.page import page
from emu.report.waterfall import CELLS, HAIR, LESS, MORE, waterfall_table


def bars(*steps: Step) -> list[str]:
    text = page([waterfall_table("title", ("a", "b"), steps)])
    return [line for line in text.splitlines() if line.startswith((" all", "   ")) and "change" not in line]


def test_each_bar_begins_where_the_one_before_ended():
    lines = bars(Step("idle", 600, 200), Step("lock_wait", 100, 400), Step("kernel", 300, 300))
    assert lines[0].count("▒") == CELLS
    idle, lock_wait = lines[1], lines[2]
    assert idle.rindex(LESS) == lines[0].rindex("▒")
    assert idle.index(LESS) == lock_wait.index(MORE)
    assert lock_wait.rindex(MORE) == lines[-1].rindex("▒")
    assert idle.count(LESS) == round(0.4 * CELLS)


def test_nothing_moved_has_no_bar_and_little_a_hair_line():
    lines = bars(Step("idle", 600, 600), Step("kernel", 400, 405))
    assert not set(lines[1]) & {LESS, MORE, HAIR}
    assert HAIR in lines[2]


def test_what_rounds_to_nothing_is_left_out():
    assert len(bars(Step("idle", 600, 600), Step("line_busy", 0.3, 0.2))) == 3


def test_columns_sum_to_the_totals():
    lines = bars(Step("none", 1200, 1000), Step("upgrade", 300, 350))
    assert "1,500" in lines[0]
    assert "execution" in lines[1]
    assert "1,350" in lines[-1]
    assert "-150" in lines[-1]


def test_a_variant_without_cycles_is_drawn():
    assert len(bars(Step("idle", 0, 5))) == 3
