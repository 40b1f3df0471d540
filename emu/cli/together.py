"""Which options of a command mean something together: declared beside the command, checked here before it begins.

An option that would have no effect is refused, for whoever typed it meant something by it. So that none is forgotten, every
pair of options of a command is declared: apart, or together with the reason why both take effect. A test walks all pairs.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand

from emu.errors import UserError

Names = tuple[str, ...]  # options as typed; an argument as CYCLE, or as MACHINE=host for one value of it
Function = TypeVar("Function", bound=Callable[..., None])


@dataclass(frozen=True, slots=True)
class Apart:
    """`one` and any of `others` are refused together, unless one of `unless` gives them something to act on."""

    one: str
    others: Names
    because: str
    unless: Names = ()

    def refusal(self, given: frozenset[str]) -> str | None:
        """What to say when these were typed together."""
        other = next((name for name in self.others if name in given), None)
        if other is None or self.one not in given or given.intersection(self.unless):
            return None
        add = f"add {' or '.join(self.unless)}, or " if self.unless else ""
        return f"{other} has no meaning with {self.one.rpartition('=')[2]}: {self.because}; {add}remove one of them"


@dataclass(frozen=True, slots=True)
class Needs:
    """Any of `options` is refused without `needed`, unless one of `unless` gives it something to act on."""

    options: Names
    needed: str
    because: str
    unless: Names = ()

    def refusal(self, given: frozenset[str]) -> str | None:
        """What to say when one was typed alone."""
        option = next((name for name in self.options if name in given), None)
        if option is None or given.intersection((self.needed, *self.unless)):
            return None
        needed = " or ".join(each.rpartition("=")[2] for each in (self.needed, *self.unless))
        return f"{option} has no meaning without {needed}: {self.because}; add {needed}, or remove {option}"


@dataclass(frozen=True, slots=True)
class Together:
    """Any two of `options` take effect together, or, where `others` are given, any of `options` with any of them."""

    options: Names
    because: str
    others: Names = ()

    def pairs(self) -> Iterable[frozenset[str]]:
        """All pairs that it declares."""
        return map(frozenset, product(self.options, self.others) if self.others else combinations(self.options, 2))


Rule = Apart | Needs | Together


class Command(TyperCommand):
    """A command that refuses options without effect; `declare` says which those are."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What was declared beside its function."""
        rules: tuple[Rule, ...] = getattr(self.callback, "together", ())
        return rules

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse an option of which only the last would count."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        for place, parameter in enumerate(order):
            if parameter in order[:place] and parameter.nargs == 1 and not getattr(parameter, "multiple", False):
                raise UserError(f"{_name(parameter)} is given twice: only one of them could count; remove the other")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Check, then run."""
        check(self.rules, _given(ctx))
        return super().invoke(ctx)


def declare(*rules: Rule) -> Callable[[Function], Function]:
    """Say which options of a command go together."""

    def attach(function: Function) -> Function:
        function.together = rules  # type: ignore[attr-defined]
        return function

    return attach


def check(rules: Iterable[Rule], given: frozenset[str]) -> None:
    """Refuse what has no effect beside the rest of what was typed."""
    for rule in rules:
        refusal = None if isinstance(rule, Together) else rule.refusal(given)
        if refusal is not None:
            raise UserError(refusal)


def _given(ctx: typer.Context) -> frozenset[str]:
    """What was typed: options, arguments by name, and arguments with their values (typed or not)."""
    given = set()
    for parameter in ctx.command.params:
        assert parameter.name is not None
        source = ctx.get_parameter_source(parameter.name)
        if source is not None and source.name == "COMMANDLINE":
            given.add(_name(parameter))
        if parameter.param_type_name == "argument":
            given.add(f"{_name(parameter)}={ctx.params[parameter.name]}")
    return frozenset(given)


def _name(parameter: Any) -> str:
    """An option as it is typed, an argument as its name in capitals."""
    if parameter.param_type_name == "argument":
        return str(parameter.name).upper()
    return str(next(name for name in parameter.opts if name.startswith("--")))
