"""`emu diy` as a user meets it."""

import json

import pytest

from emu.cli.main import main


def emu(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(["diy", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_one_cycle(capsys):
    code, out, err = emu(capsys, "PodWR Fre PodWR Fre")
    assert (code, err) == (0, "")
    assert out.startswith('X86_64 SB\n"PodWR Fre PodWR Fre"\n')
    assert out.endswith("exists (0:rax=0 /\\ 1:rax=0)\n")
    assert emu(capsys, "PodWR Fre PodWR Fre", "--architecture", "X86")[1].startswith("X86 SB\n")


def test_json(capsys, tmp_path):
    code, out, err = emu(capsys, "PodWR Fre PodWR Fre", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert (found["schema"], found["name"], found["cycle"]) == ("emu-diy/1", "SB", "PodWR Fre PodWR Fre")
    assert found["text"] == emu(capsys, "PodWR Fre PodWR Fre")[1]
    folder = str(tmp_path / "tests")
    arguments = ("--all", "--edges", "[PodWR,Rmw.Inc],[Rmw.Inc,PodWR],Rfe,Fre", "--output", folder, "--json")
    found, again = (json.loads(emu(capsys, *arguments)[1]) for _ in range(2))
    assert sorted(found["tests"]) == sorted(path.stem for path in (tmp_path / "tests").iterdir())
    assert (found["written"], again["written"]) == (len(found["tests"]), 0)
    assert [reason[:11] for reason in found["left_out"]] == ["no test for"]


def test_a_set(capsys, tmp_path):
    folder = str(tmp_path / "tests")
    arguments = ("--all", "--edges", "Pod**,Rfe,Fre,Coe", "--output", folder)
    assert emu(capsys, *arguments) == (0, f"6 tests in {folder}, 6 of them written now\n", "")
    names = sorted(path.name for path in (tmp_path / "tests").iterdir())
    assert names == ["2+2W.litmus", "LB.litmus", "MP.litmus", "R.litmus", "S.litmus", "SB.litmus"]
    before = {path: path.read_text() for path in (tmp_path / "tests").iterdir()}
    assert emu(capsys, *arguments)[1] == f"6 tests in {folder}, 0 of them written now\n"
    code, _, err = emu(capsys, *arguments, "--architecture", "X86")
    assert code == 2
    assert "is there with other content" in err
    assert before == {path: path.read_text() for path in (tmp_path / "tests").iterdir()}
    assert emu(capsys, *arguments, "--architecture", "X86", "--overwrite")[1] == f"6 tests in {folder}, 6 of them written now\n"


def test_cycles_without_a_test_are_told(capsys, tmp_path):
    code, out, _ = emu(capsys, "--all", "--edges", "[PodWR,Rmw.Inc],[Rmw.Inc,PodWR],Rfe,Fre", "--output", str(tmp_path))
    assert code == 0
    assert "left out: 1; the first: no test for" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "wanted one cycle"),
        (["PodWR Fre PodWR Fre", "--all", "--output", "x"], "--all has no meaning with CYCLE: one cycle is printed, or a set"),
        (["PodWR Fre PodWR Fre", "--size", "4"], "--size has no meaning without --all: one cycle is printed; add --all"),
        (["PodWR Fre PodWR Fre", "--output", "x"], "--output has no meaning without --all"),
        (["PodWR Fre PodWR Fre", "--overwrite"], "--overwrite has no meaning without --all"),
        (["--all"], "--all has no meaning without --output: the tests go into a folder"),
        (["--all", "--output", "x", "--size", "four"], "size must be a whole number, not 'four'"),
        (["--all", "--output", "x", "--size", "99"], "size must be 2 to 24, not 99"),
        (["--all", "--output", "x", "--threads", "7"], "threads must be 2 to 6, not 7"),
        (["--all", "--output", "x", "--limit", "0"], "limit must be 1 to"),
        (["--all", "--output", "x", "--edges", "PodWR,Rfe"], "no cycle of at most 4"),
        (["--all", "--output", "x", "--edges", "PodWR,Fro"], "unknown edge 'Fro'"),
        (["PodWR Fre"], "is not a cycle"),
        (["PodWR Fre PodWR Fre", "--architecture", "ARM"], "architecture must be X86 or X86_64, not 'ARM'"),
    ],
)
def test_refusals(capsys, arguments, message):
    code, out, err = emu(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_too_many(capsys, tmp_path):
    code, _, err = emu(capsys, "--all", "--output", str(tmp_path / "x"), "--limit", "3")
    assert code == 1
    assert "more than 3 cycles" in err
    assert not (tmp_path / "x").exists()
