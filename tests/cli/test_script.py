"""`emu run --script`: what is printed, in which form, with which exit code; and that an end before the last step loses nothing."""

import json
from pathlib import Path

import pytest

from emu.cli import terminal
from emu.cli.main import main
from emu.subjects.ipc_msg.script.text import parse

TWO = "tasks 2\nt1: recv -> blocks\nt2: send type=4 size=0 -> 0\nt1: returns 0 type=4\n"


@pytest.fixture
def emu(capsys, tmp_path):
    def run(text: str, *options: str) -> tuple[int, str, str]:
        path = tmp_path / "case.script"
        path.write_text(text)
        code = main(["run", "--script", str(path), *options])
        captured = capsys.readouterr()
        return code, captured.out, captured.err.replace(str(path), "case.script")

    return run


def test_the_script_is_printed_with_what_it_gave(emu):
    code, out, err = emu(TWO, "--variant", "baseline")
    assert (code, err) == (0, "")
    assert out == "tasks 2\nt1: recv type=0 -> blocks\nt2: send type=4 size=0 -> 0\nt1: returns 0 type=4\n"


def test_what_was_not_met_is_a_line_each_and_exit_code_1(emu):
    code, out, err = emu(TWO.replace("size=0 -> 0", "size=0 -> EAGAIN"))
    assert code == 1
    assert out.endswith("t2: send type=4 size=0 -> 0\nt1: returns 0 type=4\n")
    assert err.splitlines() == [
        "emu: case.script:3: t2: send type=4 size=0: wanted EAGAIN, got 0",
        "emu: case.script: wakeq did not meet 1 of the expectations",
    ]


def test_json_has_every_step(emu):
    code, out, _ = emu(TWO + "t2: stat\n", "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["schema"], found["mismatches"], found["partial"], found["ended_by"]) == ("emu-script/1", [], False, None)
    back = {"task": 1, "outcome": "0", "fields": {"type": "4"}}
    assert found["steps"][1] == {
        "line": 3, "task": 2, "operation": "send type=4 size=0", "outcome": "0", "fields": {}, "returns": [back], "while": None,
    }  # fmt: skip
    assert found["steps"][2]["fields"]["lrpid"] == "t1"


@pytest.mark.parametrize("as_json", [False, True])
def test_what_was_gathered_before_a_bound_is_printed(emu, as_json):
    text = "tasks 1\n" + "t1: send size=8 nowait -> 0\n" * 30
    code, out, err = emu(text, "--max-cycles", "40000", *(["--json"] if as_json else []))
    assert code == 1
    assert err.startswith("emu: case.script:")
    assert "not at rest at cycle 40,000: core 0 (script/0)" in err
    assert err.count("\n") == 1
    done = len(json.loads(out)["steps"]) if as_json else out.count("send")
    assert 0 < done < 30
    if as_json:
        assert json.loads(out)["partial"] is True
        assert "not at rest at cycle 40,000" in json.loads(out)["ended_by"]
        assert [task["task"] for task in json.loads(out)["stuck"]["tasks"]] == ["script/0"]
    else:
        assert "\n# What every task was doing\n#   script/0 (SCHED_OTHER)  running on core 0\n" in out
        assert parse(out).tasks == 1, "the page is a script, too"


def test_a_step_that_cannot_be_made_ends_the_script_with_what_came_before(emu):
    code, out, err = emu("tasks 1\nt1: send size=0 -> 0\nt1: recv type=2\nt1: stat\n")
    assert code == 2
    assert out == "tasks 1\nt1: send type=1 size=0 -> 0\nt1: recv type=2 -> blocks\n"
    assert err == "emu: case.script:4: t1 sleeps in an earlier call and cannot begin another\n"


def test_ctrl_c_ends_it_with_what_it_has(emu, monkeypatch):
    asked = iter([False] * 40)
    monkeypatch.setattr(terminal.Interrupt, "should_stop", lambda self: next(asked, True))
    code, out, err = emu("tasks 1\n" + "t1: send size=0 -> 0\n" * 1000)
    assert code == terminal.INTERRUPTED
    assert 0 < out.count("send") < 1000
    assert err == "emu: interrupted\n"


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("tasks 1\nt1: \x1b[31mred\n", (), "got \\u001b[31mred\n"),
        ("tasks 1\nt1: stat\u202e\n", (), "got stat\\u202e\n"),
        ("tasks 1\nt1: " + "x" * 1000, (), f"got {'x' * 80}...\n"),
        ("tasks 99999999999999999999\n", (), "got tasks 99999999999999999999, which is too large\n"),
        ("tasks 1\n", ("--max-cycles", "0"), "max-cycles must be 1 or more, not 0\n"),
        ("tasks 1\n", ("--max-cycles", "many"), "max-cycles must be a whole number, not 'many'\n"),
        ("tasks 1\n", ("--seed", "1"), "--seed has no meaning with --script: the script says which tasks there are and what"),
    ],
)
def test_what_is_refused_is_one_line_without_control_characters(emu, text, options, said):
    code, out, err = emu(text, *options)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert err.rstrip("\n").isprintable()


@pytest.mark.parametrize("path", ["/dev/zero", "/nowhere/case.script", "."])
def test_a_script_without_an_end_or_none_at_all(capsys, path):
    assert main(["run", "--script", path]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"emu: script {Path(path)}: cannot be read")
    assert err.count("\n") == 1
