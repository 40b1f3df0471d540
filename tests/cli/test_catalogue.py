"""`emu variants` and `emu machines` as a user meets them: what there is, what is broken, a variant of one's own."""

import json
from pathlib import Path

import pytest

from emu.assembly import variants as variants_function
from emu.cli.main import main
from emu.errors import UserError


def emu(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_variant_of_ones_own(capsys, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = emu(capsys, "variants", "new", "mine", "--from", "wakeq")
    assert (code, err) == (0, "")
    assert out.startswith("./mine: variant.toml and 6 routines of wakeq to change: do_msgrcv.S, do_msgsnd.S,")
    assert "inline ones in ./mine/inline\n" in out
    assert out.endswith("  emu run --variant ./mine\n  emu compare wakeq ./mine\n")
    shown = json.loads(emu(capsys, "variants", "show", "./mine", "--json")[1])
    theirs = json.loads(emu(capsys, "variants", "show", "wakeq", "--json")[1])
    assert (shown["name"], shown["extends"], shown["summary"]) == ("mine", "wakeq", "wakeq, changed")
    assert [point["name"] for point in shown["points"]] == [point["name"] for point in theirs["points"]]
    assert emu(capsys, "variants", "new", "mine")[0] == 2  # not again
    code, _, err = emu(capsys, "run", "--variant", "mine")  # no path: a name
    assert code == 2
    assert "or the path of a folder, such as ./mine, not 'mine'" in err


@pytest.mark.parametrize(
    "command",
    [
        ["run", "--variant", "./mine"],
        ["compare", "wakeq", "./mine"],
        ["compare", "./mine", "wakeq"],
        ["path", "./mine"],
        ["coverage", "--variant", "./mine"],
        ["variants", "show", "./mine"],
        ["run", "--variant", "./mine", "--script", "x.script"],
    ],
)
def test_a_path_is_taken_wherever_a_variant_is(capsys, tmp_path: Path, monkeypatch, command):
    """A broken one is found out before anything else is looked at."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "variant.toml").write_text('name = "mine"\nsummary = "s"\nextends = "nothing"\n')
    code, _, err = emu(capsys, *command)
    assert code == 2
    assert "mine/variant.toml: extends must be one of baseline," in err


def test_a_broken_variant_is_listed_with_its_reason(capsys, monkeypatch):
    module = __import__("sys").modules[variants_function.__module__]
    read = module._read

    def torn(folder: Path):
        if folder.name == "baseline-rt":
            raise UserError("kernel_snippets/baseline-rt/variant.toml: summary is missing")
        return read(folder)

    monkeypatch.setattr(module, "_read", torn)
    code, out, _ = emu(capsys, "variants")
    assert code == 0
    lines = out.splitlines()
    assert any(line.split()[:2] == ["baseline-rt", "BROKEN,"] for line in lines)
    assert any(line.split()[:3] == ["wakeq", "after", "the"] for line in lines)
    entries = {each["name"]: each for each in json.loads(emu(capsys, "variants", "--json")[1])["variants"]}
    assert entries["baseline-rt"]["broken"] == "kernel_snippets/baseline-rt/variant.toml: summary is missing"
    assert entries["wakeq"]["broken"] is None
    assert emu(capsys, "variants", "show", "wakeq")[0] == 0
    code, out, err = emu(capsys, "variants", "show", "baseline-rt")
    assert (code, out, err) == (2, "", "emu: kernel_snippets/baseline-rt/variant.toml: summary is missing\n")


def test_a_broken_machine_is_listed_with_its_reason(capsys, monkeypatch):
    monkeypatch.setattr("emu.description.machine_names", lambda: ("a10-7800", "torn"))
    code, out, _ = emu(capsys, "machines")
    assert code == 0
    assert "BROKEN, cannot be used: machine must be one of" in out
    assert [each["name"] for each in json.loads(emu(capsys, "machines", "--json")[1])["machines"]] == ["a10-7800", "torn"]


@pytest.mark.parametrize("group", ["variants", "machines"])
def test_json_belongs_behind_the_subcommand(capsys, group):
    assert emu(capsys, group, "--json")[1] == emu(capsys, group, "list", "--json")[1]
    code, out, err = emu(capsys, group, "--json", "list")
    assert (code, out) == (2, "")
    assert err == f"emu: --json belongs behind the subcommand: emu {group} list --json\n"


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_pages_fit(monkeypatch, capsys, width):
    monkeypatch.setattr("emu.cli.terminal.page_width", lambda: width)
    for arguments in (["variants"], ["machines"], ["machines", "show", "a10-7800"], ["variants", "show", "wakeq-release"]):
        assert max(map(len, emu(capsys, *arguments)[1].splitlines())) <= width, arguments
