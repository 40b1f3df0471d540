"""Bars, and the file of published figures."""

import pytest

from emu.calibrate import branch_loops, suite, system_routines
from emu.calibrate.benchmark import Measurement, of_samples, with_terms
from emu.calibrate.exchanges import exchanges, pairs_of, ping_pong
from emu.calibrate.figures import Expected, declared, expectations, instruction_figures, load_published, published, published_path
from emu.calibrate.instruction_loops import loops as instruction_loops
from emu.calibrate.memory_loops import loops as memory_loops
from emu.description import load_machine, machine_names
from emu.description.machine_file import Topology
from emu.errors import UserError
from emu.run.overrides import apply_overrides

A10 = "a10-7800"
GOOD = 'machine = "m"\ninstruction_table = false\n[[figure]]\nof = ["x"]\nvalue = 4.0\nsource = "s"\nconfidence = "high"\n'


@pytest.mark.parametrize(
    ("expected", "cycles", "met"),
    (
        (Expected(20, None, None, "high", ""), 21.9, True),
        (Expected(20, None, None, "high", ""), 22.1, False),
        (Expected(20, 15, 40, "high", ""), 30, False),  # a range does not widen the bar of high confidence
        (Expected(20, 15, 40, "low", ""), 39, True),
        (Expected(20, 15, 40, "medium", ""), 14, False),
        (Expected(20, None, None, "low", ""), 23, False),
    ),
)
def test_bar(expected, cycles, met):
    assert expected.met_by(cycles) is met


@pytest.mark.parametrize("name", [name for name in machine_names() if published_path(name)])
def test_every_published_figure_belongs_to_a_benchmark(name):
    path, machine = published_path(name), load_machine(name)
    names = {each.name for each in memory_loops(1 << 15)} | {each.name for each in instruction_loops(machine.instructions)}
    names |= {each.name for pair in pairs_of(machine) for each in (*exchanges(pair), ping_pong(pair))}
    names |= {system_routines.SYSTEM_CALL, *(each.name for each in system_routines.interrupts())}
    names |= {each.name for each in branch_loops.loops()}
    book = load_published(path)
    assert {name for figure in book.figure for name in figure.of} <= names
    assert book.machine == name


@pytest.mark.parametrize(
    ("name", "modules", "cores", "threads", "wanted"),
    [
        (A10, 2, 2, 1, {"same module": (0, 1), "other module": (0, 2)}),
        (A10, 2, 2, 2, {"same core": (0, 1), "same module": (0, 2), "other module": (0, 4)}),
        (A10, 1, 1, 1, {}),
        ("zen2-8c", 8, 1, 1, {"same ccx": (0, 1), "other module": (0, 4)}),
        ("zen2-8c", 8, 1, 2, {"same core": (0, 1), "same ccx": (0, 2), "other module": (0, 8)}),
        ("zen2-8c", 4, 1, 1, {"same ccx": (0, 1)}),
    ],
)
def test_a_pair_for_each_way_to_lie_to_each_other(name, modules, cores, threads, wanted):
    topology = Topology(modules=modules, cores_per_module=cores, threads_per_core=threads, source="made up")
    assert pairs_of(load_machine(name).model_copy(update={"topology": topology})) == wanted


def test_a_machine_declares_lines_by_where_they_are(tmp_path):
    machine = load_machine("zen2-8c")
    figures, near = declared(machine), machine.near[0]
    assert figures["load, clean in same ccx"].value == near.line.value  # the L3 has it, or knows who
    assert figures["load, clean in other module"].value == machine.latencies.memory.value
    assert figures["store, dirty in same ccx"].value == near.write.value
    assert figures["chase, 4 MiB"].value == machine.l3.hit.value


def test_nanoseconds_become_cycles_of_the_machine():
    figures = published(published_path(A10), apply_overrides(load_machine(A10), (("clock_hz", 2_000_000_000),)))
    assert figures["load, dirty in other module"].value == 200
    assert figures["load, dirty in other module"].bar == pytest.approx((150 * 0.99, 260 * 1.01))


def test_the_range_of_an_estimate_belongs_to_its_own_column():
    figures = instruction_figures(load_machine(A10).instructions)
    assert figures["CLI: throughput"].low == 4
    assert figures["FILD m: latency"].high == 14
    assert figures["FILD m: throughput"].low is None


def test_a_machine_without_published_figures_has_those_it_declares(tmp_path):
    mine = tmp_path / "mine.toml"
    machine = load_machine(A10)
    expected, judge = expectations(str(mine), machine)
    assert not judge
    assert expected["chase, 64 KiB"].value == machine.latencies.l2_hit.value
    assert expected["chase, 16 MiB"].value == machine.latencies.memory.value
    assert expected["L1 and L2 DTLB miss: 4096 pages"].value == 41
    way = machine.latencies.ipi_flight, machine.latencies.halt_exit, machine.latencies.interrupt_entry
    assert expected["interrupt to a halted core"].value == sum(each.value for each in way)
    assert declared(machine).keys() == expected.keys()
    assert expectations(A10, machine)[1]


@pytest.mark.parametrize(
    ("text", "words"),
    (
        (GOOD.replace("value = 4.0", "value = -4.0"), "figure.0.value"),
        (GOOD.replace('"high"', '"medium"'), "needs a range"),
        (GOOD.replace('"high"', '"certain"'), "confidence"),
        (GOOD + "range = [5.0, 6.0]\n", "must lie in the range"),
        (GOOD + 'colour = "red"\n', "colour"),
        ("machine = ", "published figures"),
        (GOOD + GOOD[GOOD.index("[[") :], "has two"),
    ),
)
def test_a_wrong_file_is_refused_by_name(tmp_path, text, words):
    path = tmp_path / "m.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=words):
        published(path, load_machine(A10))


def test_a_median_and_what_is_added_to_it():
    known = {"base": Measurement("base", "g", 10, 9, 12, 5)}
    measured = with_terms(of_samples("x", "g", [30.0, 31.0, 50.0]), (("base", -2.0),), known)
    assert measured.cycles == 11
    assert measured.low < 11 < measured.high
    assert measured.samples == 3


def test_a_row_out_of_bar_is_counted():
    rows = suite.rows_of(
        [Measurement("a", "g", 30, 30, 30), Measurement("b", "g", 5, 5, 5)],
        {"a": Expected(20, None, None, "high", "s")},
        judge=True,
    )
    result = suite.Calibration("m", 10**9, "published", rows, {(0, 1): 4.0})
    assert (result.judged, [row.measured.name for row in result.out]) == (1, ["a"])
    assert result.to_dict()["rows"][0]["error_percent"] == pytest.approx(50)
