"""Where a command that runs many carries them out, and what it keeps: the options that all of them have."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from emu.cli import options, terminal, together
from emu.errors import CheckFailed, UserError
from emu.processes import host_cores
from emu.runner.executor import Executor
from emu.runner.local import Local
from emu.runner.runner import Runner, ShardDone
from emu.runner.shard import Shard
from emu.runner.store import Store

SHARD_SCHEMA = "emu-shard/1"
ELSEWHERE = ("--cluster", "--store", "--verify", "--shard")
SHOWN_MAX = 3  # of troubles of one sort

Jobs = Annotated[
    str | None, typer.Option(metavar="N", help="Processes side by side (default: the cores of this host); changes no result.")
]
ClusterAddress = Annotated[
    str | None,
    typer.Option(
        "--cluster", metavar="ADDRESS", help="Run on a Dask cluster, by its scheduler, such as tcp://node7:8786; changes no result."
    ),
]
StoreFolder = Annotated[
    Path | None,
    typer.Option("--store", metavar="DIR", help="Keep results in a folder, and take from it those that are there: docs/runs.md."),
]
Verify = Annotated[
    str | None,
    typer.Option("--verify", metavar="PERCENT", help="Run so many of those that are kept again, such as 5%, and compare."),
]
ShardOf = Annotated[
    str | None,
    typer.Option("--shard", metavar="I/N", help="Only the I-th of N parts, into the store (in a Slurm job array: its own part)."),
]


def rules(*others: str, ineffective: Sequence[str] = (), shards: bool = True) -> tuple[together.Rule, ...]:
    """How these options go with each other, and with the `others` of a command; `ineffective` are of those that a shard has not."""
    kept = ("--store", "--verify", *(("--shard",) if shards else ()))
    alone = tuple(each for each in kept if each != "--shard")
    found: tuple[together.Rule, ...] = (
        together.Apart("--cluster", ("--jobs",), "a cluster has the workers that it has"),
        together.Needs(kept[1:], "--store", "it is about results that are kept"),
        together.Together(("--cluster", *kept), "whatever is run can be run elsewhere, and kept"),
        together.Together(("--cluster", *kept), "the same", tuple(each for each in others if each not in ineffective)),
        together.Together(kept, "where runs are carried out is all the same to the store", ("--jobs",)),
    )
    if ineffective:
        found += (
            together.Apart("--shard", tuple(ineffective), "a shard has only a part of the answer"),
            together.Together(("--cluster", *alone), "the same", tuple(ineffective)),
        )
    return found


@dataclass(frozen=True, slots=True)
class Running:
    """The options as typed."""

    jobs: str | None = None
    cluster: str | None = None
    store: Path | None = None
    verify: str | None = None
    shard: str | None = None
    jobs_default: int | None = None  # None: the cores of this host

    def runner(self) -> Runner:
        """A runner, left as a context; what cannot be is refused before anything is run."""
        shard = None if self.store is None else self._shard()
        share = 0.0 if self.verify is None else _share(self.verify)
        store = None if self.store is None else Store(self.store)
        return Runner(self._executor(), store, shard, share)

    def _executor(self) -> Executor:
        if self.cluster is not None:
            from emu.runner.cluster import Cluster

            return Cluster(self.cluster)
        return Local(options.whole("jobs", self.jobs) if self.jobs is not None else self.jobs_default or host_cores())

    def _shard(self) -> Shard | None:
        shard = Shard.of_slurm(os.environ) if self.shard is None else Shard.parse(self.shard)
        return None if shard is None or shard.total == 1 else shard


@contextmanager
def many(running: Running, *, as_json: bool) -> Iterator[Runner]:
    """A runner for the block. Behind it, what there is to say of the store: of a shard that is all there is to say."""
    runner = running.runner()
    try:
        with runner:
            yield runner
    except ShardDone as done:
        _show_shard(done, runner.store, as_json=as_json)
        _tell(runner)
        if done.failed is not None:
            raise done.failed from None
        _judge(runner)
        raise typer.Exit from None
    except BaseException:
        _tell(runner)
        raise
    _tell(runner)
    _judge(runner)


def _tell(runner: Runner) -> None:
    """What a user of the store is to know, on stderr."""
    store, tally = runner.store, runner.tally
    if store is None:
        return
    again = f", {tally.again} of them again" if tally.again else ""
    terminal.complain(f"store {store.folder}: {tally.kept} of {tally.calls} results were there; {tally.done} were made{again}")
    _some([f"damaged, and not used: {each}" for each in store.damaged], "entries")
    if store.lost:
        number = f"{len(store.lost)} result{'s' if len(store.lost) > 1 else ''}"
        terminal.complain(f"store {store.folder}: {number} could not be kept: {store.lost[0]}")
    _some([f"not as it was kept: {each}" for each in tally.differences], "results")


def _some(lines: Sequence[str], what: str) -> None:
    for line in lines[:SHOWN_MAX]:
        terminal.complain(line)
    if len(lines) > SHOWN_MAX:
        terminal.complain(f"and {len(lines) - SHOWN_MAX} more {what}")


def _judge(runner: Runner) -> None:
    if runner.tally.differences:
        raise CheckFailed(
            f"{len(runner.tally.differences)} of {runner.tally.again} results that were made again differ from those that are kept"
        )


def _show_shard(done: ShardDone, store: Store | None, *, as_json: bool) -> None:
    tally = done.tally
    counts = {"calls": tally.calls, "kept": tally.kept, "done": tally.done}
    if as_json:
        folder = None if store is None else str(store.folder)
        terminal.show(json.dumps({"schema": SHARD_SCHEMA, "shard": str(done.shard), "store": folder, **counts}, indent=2))
    else:
        where = "" if store is None else f" in {store.folder}"
        terminal.show(f"shard {done.shard}: its {tally.calls} results are{where}; the command without --shard has all of them")


def _share(text: str) -> float:
    """A percentage as typed: `5%` or `5`."""
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = -1.0
    if not 0 < percent <= 100:
        raise UserError(f"verify must be a percentage, more than 0 and up to 100, such as 5%, not {text!r}")
    return percent / 100
