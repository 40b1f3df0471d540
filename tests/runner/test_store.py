"""Results that are kept: made once, whoever writes and whatever ends; what is not whole is said and made anew."""

import errno
import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench.calls import ANSWER, KEPT
from bench.processes import environment
from emu.errors import UserError
from emu.runner import store as store_module
from emu.runner.kind import difference
from emu.runner.local import Local
from emu.runner.runner import Runner, ShardDone
from emu.runner.shard import Shard
from emu.runner.store import Damaged, Entry, Question, Store
from emu.sources import code_digest

WORDS = ["a", "b", "c", "d", "e"]
CAPITALS = ["A", "B", "C", "D", "E"]


def run(folder: Path, calls: list[str] = WORDS, **options: object) -> tuple[list[object], Runner]:
    with Runner(Local(1), Store(folder), **options) as runner:
        return [each.value for each in runner.run(KEPT, calls)], runner


def counts(runner: Runner) -> tuple[int, int]:
    return runner.tally.kept, runner.tally.done


def test_the_same_calls_again_cost_nothing(tmp_path):
    (first, one), (second, two) = run(tmp_path / "new/store"), run(tmp_path / "new/store")
    assert first == second == CAPITALS
    assert (counts(one), counts(two)) == ((0, 5), (5, 0))
    more, three = run(tmp_path / "new/store", ["f", *WORDS])
    assert (more, counts(three)) == (["F", *CAPITALS], (5, 1))


def test_what_is_of_no_kind_that_is_kept_is_made_each_time_and_so_is_what_fails(tmp_path):
    store = Store(tmp_path)
    for _ in range(2):
        with Runner(Local(1), store) as runner:
            assert [each.value for each in runner.run(ANSWER, ["a", "fail"])] == ["A", None]
            assert [each.value for each in runner.run(KEPT, ["fail"])] == [None]
            assert counts(runner) == (0, 3)


def test_what_was_done_when_a_process_is_killed_is_there(tmp_path):
    program = (
        "import os, signal\nfrom pathlib import Path\nfrom bench.calls import KEPT\nfrom emu.runner.runner import Runner\n"
        "from emu.runner.store import Store\n"
        f"runner = Runner.local(2, Store(Path({str(tmp_path)!r})))\n"
        f"for each in runner.run(KEPT, {WORDS!r}):\n    if each.value == 'C':\n        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], env=environment(), check=False)
    assert done.returncode < 0
    there = len(list(Store(tmp_path).entries()))
    assert there >= 3
    values, runner = run(tmp_path)
    assert (values, counts(runner)) == (CAPITALS, (there, 5 - there))


def test_many_writers_of_the_same_results(tmp_path):
    questions = [Question("answer", number) for number in range(40)]

    def write(_: int) -> None:
        store = Store(tmp_path)
        for question in questions:
            store.put(question, [question.asks] * 200)
        assert store.lost == []

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    found = list(Store(tmp_path).entries())
    assert sorted(each.question.asks for each in found) == list(range(40))
    assert all(each.answer == [each.question.asks] * 200 for each in found)
    assert not list(tmp_path.rglob("*.part"))


def test_many_who_make_the_same_store(tmp_path):
    def make(folder: Path) -> None:
        store = Store(folder)
        store.put(Question("answer", 1), 1)
        assert store.get(Question("answer", 1)) is not None

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, [tmp_path / str(place) for place in range(30) for _ in range(8)]))


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "of another question"])
def test_a_damaged_entry_is_said_and_made_anew(tmp_path, damage):
    run(tmp_path)
    store = Store(tmp_path)
    path, other = (store.path_of(Question("answer", word)) for word in "ab")
    content = path.read_bytes()
    path.write_bytes(
        {
            "cut": content[:-9],
            "changed": content.replace(b'"A"', b'"Z"'),
            "empty": b"",
            "of another question": other.read_bytes(),
        }[damage]
    )
    values, runner = run(tmp_path)
    assert (values, counts(runner)) == (CAPITALS, (4, 1))
    assert [each.path for each in runner.store.damaged] == [path]
    assert path.read_bytes() == content
    assert run(tmp_path)[1].store.damaged == []


@pytest.mark.parametrize(
    ("whole", "why"),
    [
        ({"code": None, "kind": None, "question": None}, "there is no 'answer' in it"),
        ({"kind": "answer"}, "there is no 'code' in it"),
        ([], "it is no entry of a store"),
        ("{", "it is no entry of a store"),
        (b"\xff", "it is no entry of a store"),
        (b"[" * 100_000, "it is no entry of a store"),
        ({"code": "..", "kind": "answer", "question": "a", "answer": {"said": "A"}}, "it answers another question"),
        (
            {"code": code_digest(), "kind": "answer", "question": "a", "answer": {"sad": "A"}},
            "its answer is none: there is no 'said'",
        ),
        ({"code": code_digest(), "kind": "answer", "question": "a", "answer": 7}, "its answer is none: "),
    ],
)
def test_an_entry_whose_checksum_is_right_and_that_is_none_is_damaged_too(tmp_path, whole, why):
    run(tmp_path)
    path = Store(tmp_path).path_of(Question("answer", "a"))
    body = whole if isinstance(whole, bytes) else b"{" if whole == "{" else json.dumps(whole).encode()
    path.write_bytes(f"emu-store/1 {hashlib.sha256(body).hexdigest()}\n".encode() + body + b"\n")
    values, runner = run(tmp_path)
    assert (values, counts(runner)) == (CAPITALS, (4, 1))
    (damaged,) = runner.store.damaged
    assert str(damaged).startswith(f"{path}: {why}")
    assert run(tmp_path)[1].store.damaged == []


def test_a_full_disk_loses_no_result_and_nothing_that_is_kept(tmp_path, monkeypatch):
    run(tmp_path, ["a", "b"])
    written = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        written(path, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        values, runner = run(tmp_path)
    assert values == CAPITALS
    assert runner.store.lost == ["No space left on device"] * 3
    assert not list(tmp_path.rglob("*.part"))
    assert counts(run(tmp_path)[1]) == (2, 3)


def test_another_emu_has_results_of_its_own(tmp_path, monkeypatch):
    run(tmp_path)
    monkeypatch.setattr(store_module, "code_digest", lambda: "0123456789abcdef")
    assert counts(run(tmp_path)[1]) == (0, 5)
    assert len(list(Store(tmp_path).entries())) == 10


def test_results_that_are_made_again_are_compared(tmp_path):
    run(tmp_path)
    values, runner = run(tmp_path, verify=1.0)
    assert (values, runner.tally.again, runner.tally.differences) == (CAPITALS, 5, [])
    values, runner = run(tmp_path, verify=0.01)
    assert (values, runner.tally.again, counts(runner)) == (CAPITALS, 1, (5, 1))
    store = Store(tmp_path)
    store.put(Question("answer", "b"), {"said": "Z", "took": 7})
    values, runner = run(tmp_path, verify=1.0)
    assert values == CAPITALS
    assert runner.tally.differences == [f"the call b: said was 'Z', and is 'B' ({store.path_of(Question('answer', 'b'))})"]


@pytest.mark.parametrize(
    ("kept", "now", "words"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "a[1].b was 2, and is 3"),
        ({"a": [1]}, {"a": [1, 2]}, "a was [1], and is [1, 2]"),
        ({"a": 1}, {"a": 1, "c": 2}, "c was None, and is 2"),
        ({"a": 1, "host": 5}, {"a": 1, "host": 6}, None),
        ([{"host": 5}], [{"host": 6}], None),
        (1, 2, "it was 1, and is 2"),
    ],
)
def test_where_two_answers_differ(kept, now, words):
    assert difference(kept, now, frozenset({"host"})) == words


def test_shards_have_all_calls_between_them_and_none_twice(tmp_path):
    for number in (1, 2, 3):
        with pytest.raises(ShardDone) as done:
            run(tmp_path, shard=Shard(number, 3))
        assert done.value.tally.done == (2, 2, 1)[number - 1]
    values, runner = run(tmp_path)
    assert (values, counts(runner)) == (CAPITALS, (5, 0))


def test_a_shard_says_what_failed_in_it(tmp_path):
    with pytest.raises(ShardDone) as done:
        run(tmp_path, ["a", "fail", "b"], shard=Shard(1, 1))
    assert str(done.value.failed) == "a failure"
    assert len(list(Store(tmp_path).entries())) == 2


@pytest.mark.parametrize(
    ("environment", "shard"),
    [
        ({}, None),
        ({"ID": 0, "COUNT": 4, "MIN": 0, "MAX": 3}, "1/4"),
        ({"ID": 4, "COUNT": 4, "MIN": 1, "MAX": 4, "STEP": 1}, "4/4"),
        ({"ID": 13, "COUNT": 4, "MIN": 10, "MAX": 13}, "4/4"),
        ({"ID": 5, "COUNT": 3, "MIN": 1, "MAX": 5, "STEP": 2}, "3/3"),
        ({"ID": 5, "COUNT": 3, "MIN": 1, "MAX": 9}, "not evenly spaced"),
        ({"ID": 2, "COUNT": 3, "MIN": 1, "MAX": 5, "STEP": 2}, "not evenly spaced"),
        ({"ID": 2, "MIN": 1}, "SLURM_ARRAY_TASK_COUNT is not"),
        ({"ID": 2, "COUNT": 3}, "SLURM_ARRAY_TASK_MIN is not"),
        ({"ID": "two", "COUNT": 3, "MIN": 1}, "SLURM_ARRAY_TASK_ID must be a whole number"),
    ],
)
def test_a_slurm_arrays_jobs_are_shards(environment, shard):
    given = {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in environment.items()}
    if shard is None or "/" in shard:
        found = Shard.of_slurm(given)
        assert (None if found is None else str(found)) == shard
    else:
        with pytest.raises(UserError, match=shard):
            Shard.of_slurm(given)


@pytest.mark.parametrize("text", ["0/4", "5/4", "1/0", "4", "1/", "/4", "a/b", "-1/4", "1/2000000"])
def test_no_shard(text):
    with pytest.raises(UserError, match="shard must be "):
        Shard.parse(text)


def test_a_folder_with_other_files_is_no_store_and_a_file_is_none(tmp_path):
    (tmp_path / "letter.txt").write_text("dear\n")
    with pytest.raises(UserError, match=r"the folder has other files in it: name a store, or a new or empty folder"):
        Store(tmp_path)
    with pytest.raises(UserError, match="File exists"):
        Store(tmp_path / "letter.txt")
    with pytest.raises(UserError, match="there is no store; --store DIR of a command that runs many makes one"):
        Store.existing(tmp_path / "nowhere")
    (tmp_path / "later").mkdir()
    (tmp_path / "later/emu-store").write_text("emu-store/2\n")
    with pytest.raises(UserError, match="must say 'emu-store/1', not 'emu-store/2': another version of emu made it"):
        Store(tmp_path / "later")


def test_entries_are_listed_damaged_ones_with_why(tmp_path):
    run(tmp_path, ["a", "b"])
    path = Store(tmp_path).path_of(Question("answer", "a"))
    path.write_bytes(b"x")
    found = {type(each): each for each in Store(tmp_path).entries()}
    assert found[Entry].answer == {"said": "B", "took": 1}
    assert str(found[Damaged]) == f"{path}: its content is not what its first line says"
