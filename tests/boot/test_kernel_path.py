"""`emu path --kernel`: the message path of real kernels, ours beside it, and that of any other call."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from emu.cli import terminal
from emu.cli.main import main
from emu.subjects.ipc_msg.path.lengths import CALLS

HAND_OVER, SLEEP = "msgsnd_handoff_hold", "msgrcv_sleep_hold"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Boots are kept apart from those of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def measured(capsys: pytest.CaptureFixture[str], shared: Path, kernel: str, *arguments: str) -> dict[str, Any]:
    options = ["--kernel", str(shared / f"bzImage-{kernel}"), "--symbols", str(shared / f"System.map-{kernel}"), "--json"]
    code = main(["path", *options, *arguments])
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    found: dict[str, Any] = json.loads(captured.out)
    return found


def check(found: dict[str, Any], variant: str) -> None:
    """Ours is as long as the kernel's where the code is the same, and the rest of the difference is explained."""
    beside = found["beside"]
    assert (beside["variant"], beside["outside"]) == (variant, [])
    for each in (*beside["system_calls"].values(), *beside["sections"].values()):
        named = [part["name"] for part in each["parts"] if part["reason"] or part["name"] == "the same functions"]
        assert named == [part["name"] for part in each["parts"]], "code that is neither the same nor explained"
        parts = sum(part["instructions"] for part in each["parts"])
        assert parts == pytest.approx(each["instructions"])
        assert sum(part["real"]["instructions"] for part in each["parts"]) == pytest.approx(each["real"]["instructions"])
    assert set(beside["sections"]) == {HAND_OVER, SLEEP}


def test_the_path_of_a_kernel_with_wake_queues(
    capsys: pytest.CaptureFixture[str], shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[tuple[int, int]] = []
    monkeypatch.setattr(terminal, "progress_bar", lambda title, unit: nullcontext(lambda done, total: steps.append((done, total))))
    found = measured(capsys, shared, "small-wakeq", "--messages", "62")
    assert found["release"].startswith("Linux 6.1.")
    assert [found["system_calls"][call]["count"] for call in CALLS] == [2, 2]
    assert steps == [(done, 3) for done in range(4)]
    check(found, "wakeq")
    hold = found["beside"]["sections"][HAND_OVER]
    assert hold["instructions"] == pytest.approx(216, abs=2)
    assert hold["real"]["instructions"] == pytest.approx(154, abs=2)
    (section,) = [each for each in found["sections"] if (each["call"], each["outcome"]) == ("msgrcv", "sleeps")]
    assert (section["lock"], section["holds"]) == ("lock taken by do_msgrcv, do_msgsnd", 2)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("kernel", "variant", "hold"),
    [
        ("small-wakeq", "wakeq", 154),
        ("small-baseline", "baseline", 434),
        ("rich-wakeq", "wakeq", 168),
        ("rich-baseline", "baseline", 452),
    ],
)
def test_the_path_of_each_kernel(kernel: str, variant: str, hold: int, capsys: pytest.CaptureFixture[str], shared: Path) -> None:
    found = measured(capsys, shared, kernel)
    check(found, variant)
    assert found["beside"]["sections"][HAND_OVER]["real"]["instructions"] == pytest.approx(hold, abs=2)


@pytest.mark.deep
def test_other_calls_of_a_program(capsys: pytest.CaptureFixture[str], shared: Path) -> None:
    program = ("--calls", "futex,semop", "--", str(shared / "lmix"), "--marks", "4", "5")
    found = measured(capsys, shared, "small-wakeq", *program)
    assert (found["beside"], found["program"]) == (None, "lmix")
    assert {each["call"] for each in found["sections"]} == {"futex", "semop"}
    taken = [each for each in found["sections"] if each["call"] == "semop" and "semtimedop" in each["lock"]]
    assert sum(each["holds"] for each in taken) >= found["system_calls"]["semop"]["count"]
    assert main(["path", "--kernel", str(shared / "bzImage-small-wakeq"), "--calls", "futex,getppid", "--symbols",
                 str(shared / "System.map-small-wakeq"), "--", str(shared / "lmix"), "--marks", "2", "2"]) == 1  # fmt: skip
    assert "the program made no whole call of getppid in the region" in capsys.readouterr().err
