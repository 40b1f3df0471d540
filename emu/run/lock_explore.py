"""A lock of a file explored; a find as a line of text, and back."""

import gc
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from emu.errors import UserError
from emu.explore.records import KINDS
from emu.explore.replay_string import Replay, encode
from emu.explore.strategy.records import AGENTS
from emu.image import Image
from emu.run.explore_run import Explored, Reopened
from emu.run.extent import Extent
from emu.run.hunt import FAIRNESS, OFF, Budget, Finding, Hunt, Hunted
from emu.run.lock_scene import LockScene, scene_name
from emu.runner.outcome import ShouldStop, never
from emu.runner.runner import Progress
from emu.schedules.data_races import CHECKER as DATA_RACE
from emu.schedules.walker import Shared
from emu.subjects.bench.lock_file import find_lock
from emu.subjects.bench.program import build_search_image
from emu.whole import within

KIND = "lock"  # of a replay string
OPERATIONS = "acquire, count, release"
ROUNDS_MAX = 100
WORD_MAX = 2**64 - 1
CHECKERS = ("two-inside", "livelock", "fault")
OPTIONAL = (DATA_RACE, FAIRNESS)


@dataclass(frozen=True, slots=True)
class LockPlan:
    """Which lock is explored, by how many cores, and how far."""

    lock: str  # name or path
    machine: str
    cores: int
    rounds: tuple[int, ...]  # of a core: a search of its own each
    word: int  # the lock's first eight bytes at the beginning
    extent: Extent = field(default_factory=Extent)
    off: frozenset[str] = OFF  # checkers

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        within("cores", self.cores, 2, AGENTS // KINDS)
        for each in self.rounds:
            within("rounds", each, 1, ROUNDS_MAX)
        within("word", self.word, 0, WORD_MAX)

    @property
    def names(self) -> list[str]:
        """Of its searches."""
        return [scene_name(self.cores, each) for each in self.rounds]

    def image(self) -> Image:
        """The lock's program, or a `UserError` with file and line."""
        return build_search_image(find_lock(self.lock))

    def scene(self, image: Image, rounds: int) -> LockScene:
        """Its cores in front of their first round."""
        return LockScene(image, self.machine, self.cores, rounds, self.word)


def explore(
    plan: LockPlan,
    progress: Progress,
    should_stop: ShouldStop = never,
    watch: Callable[[str, Hunted], None] = lambda name, so_far: None,
) -> Iterator[Explored]:
    """What comes of each number of rounds; the first find is the last of them."""
    legs, image = plan.extent.legs(), plan.image()
    began = time.monotonic()
    for done, rounds in enumerate(plan.rounds):
        progress(done, len(plan.rounds))
        left = plan.extent.seconds - (time.monotonic() - began)
        if should_stop() or left <= 0:
            return
        scene = plan.scene(image, rounds)
        name = scene.name
        hunted = Hunt(scene, plan.off).run(legs, Budget(left, should_stop), partial(watch, name))
        found = hunted.finding
        del scene
        gc.collect()  # as for a variant: much memory in cycles
        yield Explored(name, OPERATIONS, hunted, "" if found is None else _replay_string(plan, image, rounds, found))
        if found is not None:
            return


def _digest(image: Image) -> str:
    """What names the code of a lock: a schedule of another one means nothing."""
    return hashlib.sha256(image.text.data).hexdigest()[:16]


def _replay_string(plan: LockPlan, image: Image, rounds: int, finding: Finding) -> str:
    header: dict[str, Any] = {
        "lock": plan.lock,
        "code": _digest(image),
        "machine": plan.machine,
        "cores": plan.cores,
        "rounds": rounds,
        "word": plan.word,
        "checker": finding.checker,
        "off": sorted(plan.off),
        "words": list(finding.beyond.words),
        "instructions": list(finding.beyond.instructions),
    }
    return encode(KIND, header, finding.tokens)


def reopen(text: Replay) -> Reopened:
    """A find's schedule, or `UserError` if it is one of another lock."""
    header: Any = text.header
    try:
        plan = LockPlan(header["lock"], header["machine"], header["cores"], (header["rounds"],), header["word"])
        image = plan.image()
        if _digest(image) != header["code"]:
            raise UserError(f"a schedule of another {plan.lock}: the file has changed since; explore anew")
        scene = plan.scene(image, plan.rounds[0])
        beyond = Shared(tuple(header["words"]), tuple(header["instructions"]))
        hunt = Hunt(scene, frozenset(header["off"]))
    except (KeyError, TypeError):
        raise UserError("a replay string that lacks what says of which lock it is: explore anew") from None
    return Reopened(image.variant, scene.name, OPERATIONS, hunt, text.tokens, beyond)
