"""Kinds of calls: what carries one out, what it is called, and how what came of it is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from socket import gethostname
from typing import Any, Generic

from emu.errors import EmuError, UserError
from emu.runner.outcome import C, Function, R, ShouldStop
from emu.runner.store import Question


@dataclass(frozen=True, slots=True)
class Keeping(Generic[R]):
    """How answers are kept: as plain JSON."""

    write: Callable[[R], Any]
    read: Callable[[Any], R]
    of_host: frozenset[str] = frozenset()  # keys of an answer that tell of the host and its clock
    whole_if_stopped: bool = True  # a call that was asked to stop gives no answer, and not a shorter one

    def answer(self, plain: Any) -> R:
        """What was kept; a `ValueError` says what is wrong with what is no such answer."""
        try:
            return self.read(plain)
        except (EmuError, LookupError, TypeError, ValueError, AttributeError) as error:
            what = f"there is no {error}" if isinstance(error, KeyError) else str(error)
            raise ValueError(f"its answer is none: {what}") from None

    @classmethod
    def typed(
        cls,
        answer: Callable[[], Any],
        *,
        of_host: frozenset[str] = frozenset(),
        whole_if_stopped: bool = True,
    ) -> "Keeping[R]":
        """For answers that are dataclasses of plain values, or lists of such: of the type that `answer` gives."""

        @cache
        def adapter() -> Any:
            from pydantic import TypeAdapter

            return TypeAdapter(answer())

        def write(value: R) -> Any:
            return adapter().dump_python(value, mode="json")

        def read(plain: Any) -> Any:
            from pydantic import ValidationError

            try:
                value = adapter().validate_python(plain)
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
            if write(value) != plain:  # a figure that has a default is missing, or one is there that nobody knows
                raise ValueError("it has other figures than such an answer")
            return value

        return cls(write, read, of_host, whole_if_stopped)


@dataclass(frozen=True, slots=True)
class Kind(Generic[C, R]):
    """A kind of calls."""

    name: str
    function: Function[C, R]
    named: Callable[[C], str]  # what tells one call from the others
    asks: Callable[[C], Any] | None = None  # all that an answer depends on beside emu itself, as plain JSON; files by their content
    keeping: Keeping[R] | None = None  # None: answers are not kept

    def question(self, call: C) -> Question | None:
        """What a call asks, if it is known."""
        return None if self.asks is None else Question(self.name, self.asks(call))


@dataclass(frozen=True, slots=True)
class SameFiles(Generic[C, R]):
    """The function of a kind for calls, each with its question's digest, on hosts that may see other files by the same names."""

    name: str
    function: Function[C, R]
    asks: Callable[[C], Any]

    def __call__(self, asked: tuple[C, str], should_stop: ShouldStop) -> R:
        """Carry it out if it is the same question there."""
        call, digest = asked
        if Question(self.name, self.asks(call)).digest != digest:
            raise UserError(
                f"a worker on {gethostname()} knows the files that are named with another content: they must be the same there, "
                "and workers begun after a change"
            )
        return self.function(call, should_stop)


def difference(kept: Any, now: Any, of_host: frozenset[str], place: str = "") -> str | None:
    """Where two answers differ, and how; None: nowhere but in what tells of the host."""
    if isinstance(kept, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*kept, *now]):
            found = None if key in of_host else difference(kept.get(key), now.get(key), of_host, f"{place}.{key}" if place else key)
            if found is not None:
                return found
        return None
    if isinstance(kept, list) and isinstance(now, list) and len(kept) == len(now):
        pairs = enumerate(zip(kept, now, strict=True))
        found_at = (difference(one, other, of_host, f"{place}[{index}]") for index, (one, other) in pairs)
        return next((each for each in found_at if each is not None), None)
    return None if kept == now else f"{place or 'it'} was {kept!r:.60}, and is {now!r:.60}"
