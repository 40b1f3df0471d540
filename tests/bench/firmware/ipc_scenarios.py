"""Scenarios of the message path: each is played once for a variant, and watched: its own test says how it ended, another which
branches all of them took."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import capstone

from bench.firmware.ipc_machine import Core
from bench.firmware.ipc_sender import SendMachine
from emu.image import Image

Make = Callable[..., SendMachine]  # a machine of a variant, given the number of its cores
Scenario = Callable[[Make], None]


@dataclass(frozen=True)
class Played:
    """How the scenarios of a variant ended, and which instruction followed which on their cores."""

    image: Image
    failures: Mapping[str, Exception]
    followed: frozenset[tuple[int, int]]

    def check(self, name: str) -> None:
        """Fail as the scenario did, if it did."""
        if name in self.failures:
            raise self.failures[name]

    def ways_not_taken(self, routines: Sequence[str], *, branches_at_least: int) -> list[str]:
        """Each way of a conditional branch of these routines that no scenario took."""
        branches = [branch for routine in routines for branch in _branches(self.image, routine)]
        assert len(branches) > branches_at_least
        return [
            f"{self.image.symbol_at(branch.address)}: {branch.mnemonic} never goes to {to:#x}"
            for branch in branches
            for to in (int(branch.op_str, 16), branch.address + branch.size)
            if (branch.address, to) not in self.followed
        ]


def play(machine: type[SendMachine], variant: str, scenarios: Mapping[str, Scenario]) -> Played:
    """Play all scenarios, each on machines of its own."""
    failures: dict[str, Exception] = {}
    followed: set[tuple[int, int]] = set()

    def note(last: list[int], pc: int) -> None:
        followed.add((last[0], pc))
        last[0] = pc

    class Watched(machine):  # type: ignore[misc, valid-type]
        def _core(self, *arguments: object) -> Core:
            core = super()._core(*arguments)
            core.on_code = partial(note, [0])
            return core

    def make(*cores: int, counted: bool = True) -> SendMachine:
        return Watched(variant, *cores, counted=True)

    for name, scenario in scenarios.items():
        try:
            scenario(make)
        except Exception as failure:
            failures[name] = failure
    return Played(machine(variant).image, failures, frozenset(followed))


def _branches(image: Image, routine: str) -> list[capstone.CsInsn]:
    """The conditional branches of a routine."""
    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    found = []
    for address in sorted(image.lines):
        place = image.routine_at(address)
        if place is not None and place.name == routine:
            code = image.text.data[address - image.text.virtual :][:16]
            found.append(next(engine.disasm(bytes(code), address)))
    return [each for each in found if each.mnemonic.startswith("j") and each.mnemonic != "jmp"]
