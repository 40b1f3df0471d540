"""`emu calibrate` as a user meets it: what it refuses, what it prints, its exit codes."""

import json
from types import SimpleNamespace

import pytest

from emu.calibrate import native, native_memory, suite
from emu.calibrate.benchmark import Measurement
from emu.calibrate.host_facts import Facts
from emu.calibrate.native import HostResult
from emu.cli.main import main
from emu.description import load_machine

A10 = "a10-7800"
IN_BAR = [
    Measurement("chase, 4 KiB", "pointer chases", 4.01, 4.01, 4.01),
    Measurement("ADD r,m: latency", "instructions", 5.0, 5.0, 5.0),
    Measurement("ADD r,m: throughput", "instructions", 0.5, 0.5, 0.5),
    Measurement("store, clean in same module", "line transfers", 4.6, 4.6, 4.6),
]
OUT = Measurement("one way, other module", "compare-and-swap ping-pong", 345.0, 345.0, 345.0)


HOST = HostResult(
    Facts("a processor", (0, 1), {0: (), 1: ()}, {0: frozenset(), 1: frozenset()}),
    4_000_000_000,
    3_000_000_000,
    [Measurement("chase, 4 KiB", "pointer chases", 5.0, 4.9, 5.2, 9)],
    {(0, 1): 200.0},
    {},
)


def emu(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def measured(monkeypatch) -> list[Measurement]:
    found = list(IN_BAR)
    heat_map = {(0, 1): 40.0, (0, 2): 600.0, (1, 2): 610.0}
    monkeypatch.setattr(suite, "measure_emulated", lambda name, runner, **_: suite.Measured(found, heat_map))
    return found


@pytest.fixture
def host(monkeypatch) -> None:
    monkeypatch.setattr(native, "Host", lambda table: SimpleNamespace(facts=HOST.host))
    monkeypatch.setattr(native, "measure_host", lambda host, progress: HOST)


@pytest.mark.parametrize(
    ("arguments", "words"),
    (
        (["vax"], "machine must be one of"),
        (["./nowhere.toml"], "nowhere.toml"),
        ([A10, "--plot", "map.txt"], "a plot is a .png or .svg file"),
        ([A10, "--plot", "nowhere/map.png"], "cannot write plot nowhere/map.png"),
        (
            [A10, "--out", "x.toml"],
            "--out has no meaning without host: of an emulated machine there is a file already; add host, or remove --out",
        ),
        (["host", "--template", "vax"], "machine must be one of"),
        (["host", "--store", "results"], "--store has no meaning with host: what else this machine does would change"),
        (["host", "--out", "nowhere/x.toml"], "cannot write machine file nowhere/x.toml: there is no directory"),
        (["a", "b"], "unexpected extra argument"),
    ),
)
def test_refusals(capsys, arguments, words):
    code, out, err = emu(capsys, "calibrate", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err


def test_another_machine_is_refused_in_one_line(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(native_memory.platform, "machine", lambda: "riscv64")
    code, out, err = emu(capsys, "calibrate", "host", "--out", str(tmp_path / "host.toml"))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "riscv64" in err


def test_all_in_bar(measured, capsys):
    code, out, err = emu(capsys, "calibrate", A10)
    assert (code, err) == (0, "")
    assert "3 of 3 figures in bar" in out
    assert "core 2" in out
    assert "no loop of its own: HLT: part" in out


def test_out_of_bar_is_one_line_and_exit_1(measured, capsys):
    measured.append(OUT)
    code, out, err = emu(capsys, "calibrate", A10)
    assert code == 1
    assert err == (
        "emu: 1 of 4 figures are out of bar: one way, other module: 345.0 cycles, wanted 519.8 to 707.0\n"
    )  # fmt: skip
    assert "OUT" in out


def test_json_and_nothing_else(measured, capsys):
    measured.append(OUT)
    code, out, _ = emu(capsys, "calibrate", A10, "--json")
    result = json.loads(out)
    assert code == 1
    assert (result["machine"], result["expected_is"], result["judged"], result["out_of_bar"]) == (A10, "published", 4, 1)
    row = next(each for each in result["rows"] if each["name"] == OUT.name)
    assert (row["confidence"], row["in_bar"], row["expected"]) == ("medium", False, 612.5)
    assert result["core_to_core_cycles"][0] == {"cores": [0, 1], "one_way": 40.0}


def test_a_file_by_path_has_no_bar(measured, capsys, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(emu(capsys, "machines", "show", A10, "--toml")[1])
    measured.append(Measurement("chase, 64 MiB", "pointer chases", 999.0, 999.0, 999.0))
    code, out, err = emu(capsys, "calibrate", str(path))
    assert (code, err) == (0, "")
    assert "declared figure" in out
    assert "in bar" not in out
    assert "+249.3%" in out


@pytest.mark.parametrize("name", ("map.png", "map.svg"))
def test_the_map_is_drawn(measured, capsys, tmp_path, name):
    path = tmp_path / name
    assert emu(capsys, "calibrate", A10, "--plot", str(path))[0] == 0
    assert path.read_bytes().startswith(b"\x89PNG" if name.endswith("png") else b"<?xml")
    assert list(tmp_path.iterdir()) == [path]


def test_one_core_has_no_map(measured, capsys, tmp_path):
    path = tmp_path / "one.toml"
    text = emu(capsys, "machines", "show", A10, "--toml")[1]
    path.write_text(text.replace("modules = 2", "modules = 1").replace("cores_per_module = 2", "cores_per_module = 1"))
    code, _, err = emu(capsys, "calibrate", str(path), "--plot", str(tmp_path / "map.png"))
    assert (code, "there is one core" in err) == (2, True)


def test_the_host_becomes_a_machine_file(host, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = emu(capsys, "calibrate", "host")
    assert (code, err) == (0, "")
    assert "4.90 - 5.20" in out
    assert "emu run --machine ./host.toml" in out
    assert load_machine("./host.toml").latencies.l1_hit.value == 5


def test_the_host_as_json(host, capsys, tmp_path):
    path = tmp_path / "mine.toml"
    code, out, _ = emu(capsys, "calibrate", "host", "--json", "--out", str(path))
    result = json.loads(out)
    assert (code, result["file"], result["clock_hz"]) == (0, str(path), 4_000_000_000)
    assert result["rows"][0]["spread"] == [4.9, 5.2]


def test_a_host_file_that_cannot_be_written(host, capsys, tmp_path):
    (tmp_path / "host.toml").mkdir()
    code, out, err = emu(capsys, "calibrate", "host", "--out", str(tmp_path / "host.toml"))
    assert (code, out, err.count("\n")) == (2, "", 1)
