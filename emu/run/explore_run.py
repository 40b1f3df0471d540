"""Scenarios of a variant explored, one after the other or side by side; a find as a line of text, and back."""

import gc
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from emu.assembly import variant_digest
from emu.description import machine_digest
from emu.errors import UserError
from emu.explore.replay_string import Replay, encode
from emu.image import PREEMPT_DEFAULT
from emu.run.extent import Extent
from emu.run.hunt import OFF, Budget, Finding, Hunt, Hunted
from emu.run.scene import ScriptScene
from emu.run.wiring import image_of
from emu.runner.kind import Keeping, Kind
from emu.runner.outcome import ShouldStop, never
from emu.runner.runner import Progress, Runner, first_alone
from emu.schedules.data_races import CHECKER as DATA_RACE
from emu.schedules.lock_discipline import CHECKER as LOCK_DISCIPLINE
from emu.schedules.walker import Shared, Tokens
from emu.subjects.ipc_msg.script.script import Script
from emu.subjects.ipc_msg.script.text import dump, parse

KIND = "ipc-msg"  # of a replay string
CHECKERS = (
    "stack-frame",
    "use-after-free",
    "double-free",
    LOCK_DISCIPLINE,
    "invariant",
    "lost-wakeup",
    "outcome",
    "livelock",
    "fault",
)
OPTIONAL = (DATA_RACE,)


@dataclass(frozen=True, slots=True)
class ExplorePlan:
    """What is explored, and how far."""

    variant: str
    scenarios: tuple[Script, ...]
    machine: str
    extent: Extent
    preempt: str = PREEMPT_DEFAULT  # kind of kernel preemption
    off: frozenset[str] = OFF  # checkers


@dataclass(frozen=True, slots=True)
class Explored:
    """What came of one scenario."""

    name: str
    operations: str
    hunted: Hunted
    replay: str = ""  # of its find


def scenarios() -> dict[str, Script]:
    """The scenarios that come with emu, by name."""
    folder = files("emu.subjects.ipc_msg") / "scenarios"
    found = sorted(
        (each.name.removesuffix(".script"), each.read_text()) for each in folder.iterdir() if each.name.endswith(".script")
    )
    return {name: replace(parse(text, f"{name}.script"), name=name) for name, text in found}


def explore(plan: ExplorePlan, runner: Runner, progress: Progress, should_stop: ShouldStop = never) -> Iterator[Explored]:
    """Each scenario's outcome, in their order; the first find is the last of them."""
    plan.extent.legs()  # a strategy that is not there is refused here
    seconds = plan.extent.seconds * min(runner.width, len(plan.scenarios)) / len(plan.scenarios)
    calls = [(plan, index, seconds) for index in range(len(plan.scenarios))]
    for outcome in runner.run(SCENARIO, calls, progress=progress, should_stop=should_stop, waves=first_alone(WALK)):
        explored = outcome.result()
        yield explored
        if explored.hunted.finding is not None:
            return


WALK = "walk._make"  # compiled last of all that a hunt needs


def _explore_one(call: tuple[ExplorePlan, int, float], should_stop: ShouldStop) -> Explored:
    plan, index, seconds = call
    script = plan.scenarios[index]
    scene = ScriptScene(script, plan.variant, plan.machine, plan.preempt)
    hunted, title = Hunt(scene, plan.off).run(plan.extent.legs(), Budget(seconds, should_stop)), scene.title
    found = hunted.finding
    del scene
    gc.collect()  # it is in cycles, and the collector does not know of the 100 MB that it holds
    return Explored(script.name, title, hunted, "" if found is None else replay_string(plan, script, found))


def _asks(call: tuple[ExplorePlan, int, float]) -> dict[str, Any]:
    """What a search hangs on, where no clock ends it."""
    plan, index, _ = call
    return {
        "variant": plan.variant,
        "variant_files": variant_digest(plan.variant),
        "machine": plan.machine,
        "machine_file": machine_digest(plan.machine),
        "preempt": plan.preempt,
        "name": plan.scenarios[index].name,
        "script": dump(plan.scenarios[index]),
        "strategy": plan.extent.strategy,
        "schedules": plan.extent.schedules,
        "seed": plan.extent.seed,
        "off": sorted(plan.off),
    }


SCENARIO = Kind(
    "scenario",
    _explore_one,
    lambda call: f"{call[0].variant}, {call[0].scenarios[call[1]].name}",
    _asks,
    Keeping.typed(lambda: Explored, whole_if_stopped=False),
)


def program_digest(variant: str, preempt: str) -> str:
    """What names the code of a variant: a schedule of another one means nothing."""
    image = image_of(variant, preempt)
    content = image.text.data + image.user_text.data + image.data.data
    return hashlib.sha256(content).hexdigest()[:16]


def replay_string(plan: ExplorePlan, script: Script, finding: Finding) -> str:
    """A find as text that needs nothing else."""
    header: dict[str, Any] = {
        "variant": plan.variant,
        "code": program_digest(plan.variant, plan.preempt),
        "machine": plan.machine,
        "preempt": plan.preempt,
        "name": script.name,
        "script": dump(script),
        "checker": finding.checker,
        "off": sorted(plan.off),
        "words": list(finding.beyond.words),
        "instructions": list(finding.beyond.instructions),
    }
    return encode(KIND, header, finding.tokens)


@dataclass(frozen=True, slots=True)
class Replayed:
    """A schedule made again: the same find, or nothing. `subject`: the variant, or the lock."""

    subject: str
    name: str
    operations: str
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class Reopened:
    """A schedule that is written down, and a machine to make it on again."""

    subject: str
    name: str
    operations: str
    hunt: Hunt
    tokens: Tokens
    beyond: Shared

    def replayed(self) -> Replayed:
        """What comes of it."""
        return Replayed(self.subject, self.name, self.operations, self.hunt.replay(self.tokens, self.beyond))


def reopen(text: Replay) -> Reopened:
    """A find's schedule, or `UserError` if it is one of another program."""
    header: Any = text.header
    try:
        variant, preempt = header["variant"], header["preempt"]
        code = program_digest(variant, preempt)
        if code != header["code"]:
            raise UserError(f"a schedule of another {variant}: its code was {header['code']}, and is {code} now; explore anew")
        script = replace(parse(header["script"], header["name"]), name=header["name"])
        scene = ScriptScene(script, variant, header["machine"], preempt)
        beyond = Shared(tuple(header["words"]), tuple(header["instructions"]))
        hunt = Hunt(scene, frozenset(header["off"]))
    except (KeyError, TypeError):
        raise UserError("a replay string that lacks what says of which program it is: explore anew") from None
    return Reopened(variant, script.name, scene.title, hunt, text.tokens, beyond)
