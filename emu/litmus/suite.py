"""Many tests: found in trees of folders, run in batches, side by side; one that cannot be read never stops the others."""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from emu import compiled
from emu.description import machine_digest
from emu.errors import EmuError, UserError
from emu.files import LIST_BYTES_MAX, is_there, read_bounded
from emu.runner.kind import Keeping, Kind
from emu.runner.outcome import ShouldStop, WorkerLost
from emu.runner.runner import Runner, first_alone
from emu.whole import within

if TYPE_CHECKING:
    from emu.litmus.test import LitmusTest
    from emu.litmus.verdict import Verdict

SUFFIX = ".litmus"
BATCH = 32  # files that a process takes at a time
CORES_MAX = 64
MODELS = ("tso", "sc")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A test that could not be judged; the message says which, where and why."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which all tests are run."""

    machine: str
    model: str
    cores_max: int
    states_max: int

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if self.model not in MODELS:
            raise UserError(f"model must be {' or '.join(MODELS)}, not {self.model!r}")
        within("cores", self.cores_max, 1, CORES_MAX)
        if self.states_max < 1:
            raise UserError(f"states-max must be at least 1, not {self.states_max}")


Judged: TypeAlias = "Verdict | Refusal"


def find_tests(paths: Sequence[Path], lists: frozenset[Path] = frozenset()) -> list[Path]:
    """The files named, all `*.litmus` in the trees of the folders named, and what herd's lists name (`@all`); each once.

    `lists` are those that are being read: one that names itself is refused.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.name.startswith("@") and path.is_file():
            if path.resolve() in lists:
                raise UserError(f"{path}: a list of tests must not name itself, nor one that names it")
            found.update(dict.fromkeys(find_tests(_listed(path), lists | {path.resolve()})))
        elif path.is_dir():
            inside = sorted(_walk(path))
            if not inside:
                raise UserError(f"{path}: no file {SUFFIX} in this folder")
            found.update(dict.fromkeys(inside))
        elif is_there(path):
            found[path] = None
        else:
            raise UserError(f"{path}: no such file or folder")
    return list(found)


def _listed(path: Path) -> list[Path]:
    """What a list names, a path a line, relative to the list; it may name other lists."""
    lines = read_bounded(path, LIST_BYTES_MAX, "list of tests").splitlines()
    named = [path.parent / line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not named:
        raise UserError(f"{path}: a list of tests must name files or other lists, a line each; this one is empty")
    return named


def _walk(folder: Path) -> Iterator[Path]:
    """Files of a tree; hidden folders are left out, a loop of links is walked once."""
    seen: set[str] = set()
    for here, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        folders[:] = [] if real in seen else [name for name in folders if not name.startswith(".")]
        if real not in seen:
            named = (Path(here) / name for name in files if name.endswith(SUFFIX))
            yield from (path for path in named if not path.exists() or path.is_file())  # a pipe would be waited for
        seen.add(real)


def run_suite(paths: Sequence[Path], conditions: Conditions, runner: Runner) -> Iterator[Judged]:
    """Judge tests, in order; the results do not depend on where they are judged."""
    batches = [(paths[start : start + BATCH], conditions) for start in range(0, len(paths), BATCH)]
    if min(runner.width, len(batches)) < 2 and runner.store is None and not runner.elsewhere:
        for batch, _ in batches:
            yield from _run_here(batch, conditions)
        return
    for (batch, _), outcome in zip(batches, runner.run(TESTS, batches, waves=first_alone(compiled.SEARCH)), strict=False):
        if isinstance(outcome.error, WorkerLost):  # one of them ends the process that judges it: each by itself
            yield from _run_apart(batch, conditions, runner)
        else:
            yield from outcome.result()


def _run_apart(paths: Sequence[Path], conditions: Conditions, runner: Runner) -> Iterator[Judged]:
    if len(paths) == 1:
        yield Refusal(str(paths[0]), f"{paths[0]}: the process that judged this test has died: please report it")
        return
    calls = [([path], conditions) for path in paths]
    for (path, _), outcome in zip(calls, runner.run(TESTS, calls), strict=False):
        if isinstance(outcome.error, WorkerLost):
            yield from _run_apart(path, conditions, runner)
        else:
            yield from outcome.result()


def _run_here(paths: Sequence[Path], conditions: Conditions) -> Iterator[Judged]:
    """Judge some tests in this process; Ctrl-C leaves those that are judged."""
    judged: dict[Path, Judged] = {}
    try:
        for path, each in _judge(paths, conditions):
            judged[path] = each
    finally:
        yield from (judged[path] for path in paths if path in judged)


def run_batch(call: tuple[Sequence[Path], Conditions], should_stop: ShouldStop) -> list[Judged]:
    """Judge some tests, in a process of their own."""
    paths, conditions = call
    judged = dict(_judge(paths, conditions))
    return [judged[path] for path in paths]


def _asks(call: tuple[Sequence[Path], Conditions]) -> dict[str, Any]:
    paths, conditions = call
    tests = [[str(path), _content_digest(path)] for path in paths]
    return {"tests": tests, "machine_file": machine_digest(conditions.machine), **asdict(conditions)}


def _content_digest(path: Path) -> str | None:
    """What names a test's text; None: it cannot be read, which is said when it is to be judged."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _answers() -> Any:
    from emu.litmus.verdict import Verdict

    return list[Verdict | Refusal]


TESTS = Kind("litmus", run_batch, lambda call: str(call[0][0]), _asks, Keeping.typed(_answers, of_host=frozenset({"milliseconds"})))


def _judge(paths: Sequence[Path], conditions: Conditions) -> Iterator[tuple[Path, Judged]]:
    """Judge tests on as few machines as there are numbers of threads among them, in the order of those."""
    readable: list[tuple[Path, LitmusTest]] = []
    for path in paths:
        test = _read(path, conditions.cores_max)
        if isinstance(test, Refusal):
            yield path, test
        else:
            readable.append((path, test))
    by_threads = sorted(readable, key=lambda pair: len(pair[1].threads))
    for _, group in groupby(by_threads, key=lambda pair: len(pair[1].threads)):
        members = list(group)
        yield from zip([path for path, _ in members], _run_together([test for _, test in members], conditions), strict=True)


def _read(path: Path, cores_max: int) -> "LitmusTest | Refusal":
    from emu.litmus.parse import parse_file
    from emu.litmus.program import assemble

    try:
        test = parse_file(path)
        if len(test.threads) > cores_max:
            raise UserError(f"{path}: {len(test.threads)} threads need as many cores, --cores allows {cores_max}")
        assemble([test])  # by itself, so that what Keystone refuses is this test's alone
    except EmuError as error:
        return _refusal(str(path), error)
    return test


def _refusal(path: str, error: EmuError) -> Refusal:
    message = str(error)
    return Refusal(path, message if path in message else f"{path}: {message}")


def _run_together(tests: "Sequence[LitmusTest]", conditions: Conditions) -> Iterable[Judged]:
    """Judge tests of one number of threads on one machine."""
    from emu.description import load_machine
    from emu.explore.explorer import Bounds
    from emu.litmus.batch import Batch
    from emu.litmus.program import assemble
    from emu.litmus.verdict import judge

    bounds = Bounds(states=conditions.states_max)
    try:
        program = assemble(tests)
        batch = Batch(program, tests, load_machine(conditions.machine), conditions.model, bounds)
    except EmuError as error:
        if len(tests) == 1:
            yield _refusal(tests[0].path, error)
        else:  # one of them is at fault: each by itself
            for test in tests:
                yield from _run_together([test], conditions)
        return
    for index, test in enumerate(tests):
        begin = time.perf_counter()
        try:
            found = batch.run(index)
        except EmuError as error:
            yield _refusal(test.path, error)
            continue
        yield judge(test, found, program.tests[index].addresses, 1e3 * (time.perf_counter() - begin))
