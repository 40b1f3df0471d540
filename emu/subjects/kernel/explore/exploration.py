"""One region, booted to its beginning and learned: schedules by number, finds, and replays."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from emu.boot.build import read_inputs
from emu.boot.ending import End
from emu.boot.explore.explorer import Explorer, Schedule, Strategy
from emu.boot.explore.minimise import Minimiser
from emu.boot.explore.verdict import Failure, verdict
from emu.boot.run import Watchers, begin
from emu.elf.kernel_symbols import kernel_elf, kernel_symbols
from emu.elf.symbols import read_system_map
from emu.errors import CheckFailed, UserError
from emu.explore.replay_string import Replay, Token, encode
from emu.explore.strategy.records import REPLAY
from emu.subjects.kernel.detail import BEFORE_MAX
from emu.subjects.kernel.explore.spec import KIND, ExploreSpec, from_header, to_header
from emu.subjects.kernel.explore.turns import Row, rows
from emu.subjects.kernel.guest import read_virtual, types_of
from emu.subjects.kernel.places import Places


@dataclass(frozen=True, slots=True)
class Find:
    """A schedule that fails, as short as it could be made."""

    number: int
    failure: Failure
    digest: str
    replay: str
    switches: int
    rows: tuple[Row, ...]
    console: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What is kept of a schedule that was one of many."""

    number: int
    failure: Failure | None
    tokens: tuple[Token, ...]  # of one that fails
    digest: str
    instructions: int
    accesses: int
    late: int  # to words that were not known to be shared
    fair: bool  # it had to go on fairly
    pairs: tuple[int, ...]  # ordered pairs of accesses by two cores to a word that this process had not seen before


class Exploration:
    """A region whose schedules are numbered: what number N does depends on the specification alone."""

    def __init__(self, spec: ExploreSpec, watchers: Watchers, boot_digest: str | None = None) -> None:
        """Boot to its beginning: one that does not come is a failed check, a boot of another digest a user's mistake."""
        self.spec = spec
        inputs = read_inputs(spec.boot)
        self.kernel = inputs.kernel
        elf = kernel_elf(inputs.kernel)
        symbols = read_system_map(spec.symbols) if spec.symbols is not None else kernel_symbols(inputs.kernel, elf)
        session, shape = begin(replace(spec.boot, until=spec.start, at=spec.stop), inputs, watchers, symbols)
        self.boot_digest = shape.boot
        if boot_digest not in (None, shape.boot):
            raise UserError("this replay string is of another kernel, program, initramfs or option of the boot than is there now")
        self.session = session

        def pause() -> bool:
            watchers.progress(session.machine.instructions())
            return watchers.should_stop()

        ended = session.run(spec.start, BEFORE_MAX, pause)
        if ended.how == End.STOPPED:
            raise KeyboardInterrupt
        if ended.how != End.MARK:
            raise CheckFailed(f"--from {spec.start} did not come: the run ended ({ended.how.value}) before it")
        self.explorer = Explorer(session, spec.stop, spec.strategy.seed)
        read = partial(read_virtual, session.machine)
        self._places = Places(symbols, types_of(elf), read, spec.boot.cpus)

    def judge(self, number: int) -> Judged:
        """One schedule by number."""
        schedule = self.explorer.run(number, self.spec.strategy)
        failure = verdict(schedule)
        return Judged(
            number=number,
            failure=failure,
            tokens=schedule.tokens if failure else (),
            digest=schedule.digest,
            instructions=schedule.instructions,
            accesses=schedule.accesses,
            late=schedule.late,
            fair=schedule.fair_from is not None,
            pairs=self.explorer.gear.take_pairs(),
        )

    def find(self, judged: Judged) -> Find:
        """A schedule that fails, made short and written down."""
        failure = judged.failure
        assert failure is not None, "only a schedule that fails is a find"

        def fails(tokens: Sequence[Token]) -> bool:
            found = verdict(self._replay(tokens))
            return found is not None and (found.checker, found.where) == (failure.checker, failure.where)

        tokens = Minimiser(fails, judged.instructions).minimise(judged.tokens)
        header = to_header(self.spec, self.boot_digest, self.explorer.first.digest)
        return self.shown(judged.number, tokens, encode(KIND, header, tokens))

    def shown(self, number: int, tokens: Sequence[Token], text: str) -> Find:
        """What a schedule does, step by step; it must fail."""
        with self.explorer.gear.stepping() as steps:
            schedule = self._replay(tokens)
        failure = verdict(schedule)
        if failure is None:
            raise CheckFailed("this schedule does not fail: the replay string was written by an emu that was another one")
        turns = sum(agent < self.spec.boot.cpus for agent, _ in tokens)
        return Find(
            number, failure, schedule.digest, text, max(turns - 1, 0), tuple(rows(steps(), self._places)),
            schedule.console.decode(errors="replace"),
        )  # fmt: skip

    def _replay(self, tokens: Sequence[Token]) -> Schedule:
        return self.explorer.run(0, Strategy(REPLAY), tokens)


def replay(text: str, found: Replay, watchers: Watchers, spec: ExploreSpec | None = None) -> Find:
    """Run what a replay string says again, on its own machine or on that of `spec`, which must be the same."""
    return reopen(found, watchers, spec).shown(0, found.tokens, text)


def reopen(found: Replay, watchers: Watchers, spec: ExploreSpec | None = None) -> Exploration:
    """The region that a replay string is of."""
    spec = spec or from_header(found.header)
    exploration = Exploration(spec, watchers, str(found.header["boot"]))
    if found.header["first"] != exploration.explorer.first.digest:
        raise UserError("this replay string is of another region, or of an emu whose machine was another one: explore anew")
    cores = spec.boot.cpus
    if any(agent >= 2 * cores for agent, _ in found.tokens):
        raise UserError(f"this replay string names a core that a machine of {cores} CPUs has not")
    return exploration
