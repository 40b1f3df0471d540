"""Trees of tests: what is found, that one bad test never stops the others, that the number of processes changes nothing."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bench.litmus.texts import COUNTING, FENCED, MP, SB, THREE, UNKNOWN, dying_batch, write
from emu.errors import UserError
from emu.litmus import suite
from emu.litmus.suite import Conditions, Refusal, find_tests, run_suite
from emu.runner.local import Local
from emu.runner.runner import Runner

TSO = Conditions("a10-7800", "tso", 64, 100_000)


def test_trees_are_walked_once_and_hidden_folders_left_out(tmp_path: Path) -> None:
    write(tmp_path, b=SB, a__c=SB, **{".hidden__d": SB})
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "notes.txt").write_text("no test")
    odd = tmp_path / "odd.txt"
    odd.write_text(SB)
    found = find_tests([tmp_path, odd, tmp_path / "b.litmus"])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["a/c.litmus", "b.litmus", "odd.txt"]


def test_lists_name_tests_and_other_lists(tmp_path: Path) -> None:
    write(tmp_path, a=SB, deep__b=SB, c=SB)
    (tmp_path / "@all").write_text("# all of them\na.litmus\ndeep/@all\n")
    (tmp_path / "deep" / "@all").write_text("b.litmus\n")
    assert [path.name for path in find_tests([tmp_path / "@all"])] == ["a.litmus", "b.litmus"]
    (tmp_path / "@self").write_text("@self\n")
    with pytest.raises(UserError, match="must not name itself"):
        find_tests([tmp_path / "@self"])
    (tmp_path / "@gone").write_text("gone.litmus\n")
    with pytest.raises(UserError, match=r"gone\.litmus: no such file"):
        find_tests([tmp_path / "@gone"])


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no file \.litmus in this folder"):
        find_tests([tmp_path])
    with pytest.raises(UserError, match="no such file or folder"):
        find_tests([tmp_path / "none"])


def test_bad_tests_are_named_and_the_others_go_on(tmp_path: Path) -> None:
    write(tmp_path, a=SB, b=UNKNOWN, c=COUNTING, d=THREE, e="", f=MP)
    (tmp_path / "g.litmus").mkdir()
    results = list(run_suite(find_tests([tmp_path]), Conditions("a10-7800", "tso", 2, 100_000), Runner.local()))
    refused = {Path(each.path).stem: each.message for each in results if isinstance(each, Refusal)}
    assert [each.name for each in results if not isinstance(each, Refusal)] == ["SB", "MP"]
    assert f"{tmp_path}/b.litmus:4: " in refused["b"]
    assert "FROB EAX,$1" in refused["b"]
    assert refused["c"].startswith(f"{tmp_path}/c.litmus:4: INC [x]: P0 is on a path of more than 4096 transitions")
    assert "3 threads need as many cores, --cores allows 2" in refused["d"]
    assert refused["e"].startswith(f"{tmp_path}/e.litmus:1: ")
    assert len(refused) == 4


def test_what_no_machine_can_be_built_for_is_the_fault_of_one_test(tmp_path: Path) -> None:
    write(tmp_path, a=SB, b=SB.replace("MOV EAX,[y]", "CLWB [y]"), c=MP)
    results = list(run_suite(find_tests([tmp_path]), TSO, Runner.local()))
    assert [isinstance(each, Refusal) for each in results] == [False, True, False]
    assert isinstance(results[1], Refusal)
    assert results[1].message.startswith(f"{tmp_path}/b.litmus:5: CLWB [y]: emu does not carry out clwb")


def test_a_pipe_in_a_tree_is_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path, a=SB)
    os.mkfifo(tmp_path / "pipe.litmus")
    assert [path.name for path in find_tests([tmp_path])] == ["a.litmus"]


def test_a_state_explosion_is_named(tmp_path: Path) -> None:
    write(tmp_path, a=SB, b=FENCED)
    results = list(run_suite(find_tests([tmp_path]), Conditions("a10-7800", "tso", 64, 20), Runner.local()))
    assert isinstance(results[0], Refusal)
    assert "more than 20 states" in results[0].message
    assert isinstance(results[1], Refusal)


def test_any_number_of_processes_gives_the_same(tmp_path: Path) -> None:
    write(tmp_path, **{f"t{index:02}": (SB, MP, THREE, UNKNOWN)[index % 4] for index in range(70)})
    paths = find_tests([tmp_path])

    def results(jobs: int) -> list:
        with Runner.local(jobs) as runner:
            judged = list(run_suite(paths, TSO, runner))
        return [each if isinstance(each, Refusal) else (each.path, each.states, each.schedules) for each in judged]

    assert results(1) == results(3)


def test_few_tests_go_to_a_cluster_too(tmp_path: Path) -> None:
    class Elsewhere(Local):
        elsewhere = True
        calls = 0

        def run(self, function, calls, should_stop, waves):
            self.calls += len(calls)
            return super().run(function, calls, should_stop, waves)

    executor = Elsewhere(1)
    write(tmp_path, a=SB)
    assert len(list(run_suite(find_tests([tmp_path]), TSO, Runner(executor)))) == 1
    assert executor.calls == 1


def test_a_test_that_ends_its_process_loses_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, a=SB, b=MP, deadly=SB, e=SB)
    monkeypatch.setattr(suite, "BATCH", 2)
    monkeypatch.setattr(suite, "TESTS", replace(suite.TESTS, function=dying_batch))
    with Runner.local(2) as runner:
        results = list(run_suite(find_tests([tmp_path]), TSO, runner))
    assert [Path(each.path).stem for each in results] == ["a", "b", "deadly", "e"]
    refused = [each.message for each in results if isinstance(each, Refusal)]
    assert refused == [f"{tmp_path}/deadly.litmus: the process that judged this test has died: please report it"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("UD2", "t.litmus:5: UD2: P0 faulted (exception 6, #UD) after the schedule "),
        ("MOV EAX,[EBX-1]", "t.litmus:5: MOV EAX,[EBX-1]: P0 faulted (no memory at 0x"),
        ("L: INC [x] ;\n JMP L", "P0 is on a path of more than 4096 transitions"),
        ("L: INC RAX ;\n JMP L", "P0 has executed 1000000 instructions without touching memory: does a loop count?"),
    ],
)
def test_what_a_thread_must_not_do_is_refused_with_its_line(tmp_path: Path, code: str, message: str) -> None:
    (tmp_path / "t.litmus").write_text(f"X86 t\n{{ }}\n P0 ;\n MFENCE ;\n {code} ;\nexists (x=0)\n")
    (refusal,) = run_suite([tmp_path / "t.litmus"], TSO, Runner.local())
    assert isinstance(refusal, Refusal)
    assert refusal.message.startswith(f"{tmp_path}/t.litmus:")
    assert message in refusal.message


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        (("tsox", 64, 9), "model must be tso or sc"),
        (("tso", 0, 9), "cores must be 1 to 64"),
        (("sc", 65, 9), "not 65"),
        (("sc", 4, 0), "at least 1"),
    ],
)
def test_conditions_that_cannot_be(conditions: tuple, words: str) -> None:
    with pytest.raises(UserError, match=words):
        Conditions("a10-7800", *conditions)
