"""Figures: numbers with their source, and how far each kind of them may go."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Cycles = Annotated[int, Field(ge=0, le=10**9)]


def power_of_two(number: int) -> int:
    """The number, if it is one."""
    if number & (number - 1):
        raise ValueError("must be a power of two")
    return number


class Strict(BaseModel):
    """No unknown keys, no numbers in quotes, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Sourced(Strict):
    """A table that says where it comes from."""

    source: Annotated[str, Field(min_length=1)]


class Figure(Sourced):
    """One number, where it comes from and how far it is to be trusted."""

    value: Cycles
    confidence: Literal["high", "medium", "low"]
    unit: Literal["cycles", "stores", "lines", "Hz", "macro-ops", "entries", "loads", "bits", "units"] = "cycles"


class PositiveFigure(Figure):
    """A number that cannot be zero."""

    value: Annotated[int, Field(ge=1, le=10**9)]


class Clock(Figure):
    """A frequency."""

    value: Annotated[int, Field(ge=1, le=10**11)]
    unit: Literal["Hz"]


class StoreFigure(Figure):
    """A number of entries that a store buffer's ring can hold."""

    value: Annotated[int, Field(ge=1, le=128)]


class DepthFigure(Figure):
    """A width or depth that a ring of the pipeline can hold."""

    value: Annotated[int, Field(ge=1, le=255)]


class UnitsFigure(Figure):
    """A number of units of one kind, each of which takes an instruction a cycle; there may be none."""

    value: Annotated[int, Field(ge=0, le=16)]
    unit: Literal["units"]


class PositiveUnitsFigure(UnitsFigure):
    """A number of units of which there must be one."""

    value: Annotated[int, Field(ge=1, le=16)]


class MissFigure(Figure):
    """A number of misses under way that a ring can hold."""

    value: Annotated[int, Field(ge=1, le=63)]


class BranchFigure(Figure):
    """A number of branches that a four-way BTB knows."""

    value: Annotated[int, Field(ge=4, le=2**16, multiple_of=4)]


class TableFigure(Figure):
    """A number of entries of a table that is indexed by some bits."""

    value: Annotated[int, Field(ge=1, le=2**20)]

    @field_validator("value")
    @classmethod
    def _power_of_two(cls, value: int) -> int:
        return power_of_two(value)


class BitsFigure(Figure):
    """A number of bits of history."""

    value: Annotated[int, Field(ge=0, le=32)]
    unit: Literal["bits"]


class EntryFigure(Figure):
    """A number of TLB entries, sets or ways."""

    value: Annotated[int, Field(ge=1, le=4096)]
