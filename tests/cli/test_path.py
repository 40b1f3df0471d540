"""`emu path` as a user meets it: the bars hold, and what it says when it cannot run."""

import json

import pytest

from bench.report.canned_kernel_path import kernel_path
from emu.cli.main import main
from emu.report.path_check import SECTION_BARS

KEYS = {"instructions", "loads", "stores", "locked", "lines", "transfers"}
SECTIONS = {"msgsnd_handoff_hold", "msgsnd_enqueue_hold", "msgrcv_sleep_hold"}


def emu(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(["path", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    ("variant", "calls", "hold"),
    [("baseline", (1255, 1448), (943, 81, 45.5)), ("wakeq", (1327, 1446), (226, 25, 9.0))],
)
def test_the_path_is_as_long_as_the_real_one(capsys, variant, calls, hold):
    code, out, err = emu(capsys, variant, "--json")
    assert (code, err) == (0, "")
    plain = json.loads(out)
    assert plain["outside"] == []
    assert set(plain["system_calls"]) == {"msgsnd", "msgrcv"}
    for group in ("system_calls", "functions", "sections"):
        assert all(set(each) >= KEYS for each in plain[group].values())
    for call, real in zip(("msgsnd", "msgrcv"), calls, strict=True):
        assert plain["system_calls"][call]["instructions"] == pytest.approx(real, rel=0.15)
    assert set(plain["sections"]) == SECTIONS
    found = plain["sections"]["msgsnd_handoff_hold"]
    for key, real, slack in zip(("instructions", "lines", "transfers"), hold, (0.15, 0.2, 0.2), strict=True):
        assert found[key] == pytest.approx(real, rel=slack)
    assert sum(plain["transfers_per_message"].values()) == pytest.approx(95, rel=0.1)
    assert sum(plain["transfers_by_object"].values()) == pytest.approx(sum(plain["transfers_per_message"].values()))


def test_a_variant_without_a_real_kernel(capsys):
    code, out, err = emu(capsys, "wakeq-senders", "--messages", "80")
    assert (code, err) == (0, "")
    assert "no real kernel was measured for this variant" in out
    assert "try_to_wake_up" in out
    assert " in\n" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "variant must be one of"),
        ([], "missing argument 'VARIANT'"),
        (["wakeq", "--messages", "60"], "messages must be 61 to 5000, not 60"),
        (["wakeq", "--messages", "many"], "messages must be a whole number, not 'many'"),
        (["wakeq", "--machine", "nope"], "machine must be one of"),
        (["wakeq", "--threads", "2"], "no such option"),
        (["wakeq", "baseline"], "'baseline' is more than a variant: a program runs in a real kernel, --kernel FILE"),
        (["wakeq", "--calls", "futex"], "--calls has no meaning without --kernel"),
        (["--kernel", "/nonexistent"], "kernel /nonexistent: "),
        (["--kernel", "/nonexistent", "--calls", "futx"], "not 'futx'; near are futex"),
        (["wakeq", "--kernel", "/nonexistent", "--calls", "futex"], "a variant has the path of messages alone"),
        (["--kernel", "/nonexistent", "--messages", "71"], "messages must be an even number of 61 to 5000, not 71"),
        (["--kernel", "/nonexistent", "--messages", "80", "--", "./program"], "--messages has no meaning with a program"),
        (["--kernel", "/nonexistent", "--cpus", "1"], "two threads that send each other messages need two cores"),
        (["--kernel", "/nonexistent", "--to", "user"], "--to must be work_end"),
        (["--kernel", "/nonexistent", "--symbols", "/nonexistent"], "--symbols /nonexistent: there is no such file"),
    ],
)
def test_bad_input(capsys, arguments, said):
    code, out, err = emu(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_a_figure_outside_its_bar_is_a_failed_check(capsys, monkeypatch):
    monkeypatch.setattr("emu.report.path_check.SECTION_BARS", dict.fromkeys(SECTION_BARS, 0.001))
    code, out, err = emu(capsys, "baseline", "--messages", "80")
    assert code == 1
    assert "outside the bar" in out
    assert err.startswith("emu: baseline is not as long as the real path: msgsnd_handoff_hold")
    assert err.count("\n") == 1


@pytest.mark.parametrize(("arguments", "fails"), [(["wakeq"], True), ([], False)])
def test_a_kernel_is_judged_beside_a_variant_that_is_named(capsys, monkeypatch, arguments, fails):
    monkeypatch.setattr("emu.run.kernel_path.kernel_path", lambda *given: kernel_path())
    monkeypatch.setattr("emu.report.kernel_path_check.SECTION_BARS", dict.fromkeys(SECTION_BARS, 0.001))
    code, out, err = emu(capsys, *arguments, "--kernel", "vmlinux")
    assert "of the same functions outside the bar" in out
    said = "emu: wakeq is not as long as Linux 6.1.0: the same functions of msgsnd_handoff_hold"
    assert (code, err.startswith(said)) == ((1, True) if fails else (0, False))
