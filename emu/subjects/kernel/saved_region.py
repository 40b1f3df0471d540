"""What `emu boot --from MARK --json` printed of a region, read back as far as reports of a saved run need it."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from emu.subjects.kernel.lock_names import LockUse, NamedOwner, NamedSite


@dataclass(frozen=True, slots=True)
class SavedLock:
    """A class of locks."""

    name: str
    kind: str
    instances: int  # words of it
    use: LockUse
    sites: tuple[NamedSite, ...]
    owners: tuple[NamedOwner, ...]


@dataclass(frozen=True, slots=True)
class SavedRegion:
    """A region of a real kernel."""

    kernel: str
    machine: str
    trace_digest: str
    cycles: int
    items: int | None
    items_per_second: float | None
    cycles_by_core: tuple[Mapping[str, int], ...]
    cycles_by_cause: Mapping[str, int]
    locks: tuple[SavedLock, ...]


def region_of(plain: Mapping[str, Any]) -> SavedRegion:
    """The region of which this was printed; anything else is a KeyError, TypeError or ValueError."""
    cores = tuple(_counts("cycles_by_core_and_state", core) for core in plain["cycles_by_core_and_state"])
    cycles = _is("cycles", plain["cycles"], int)
    if any(sum(core.values()) != cycles for core in cores):
        raise ValueError(f"the states of a core do not sum to {cycles} cycles")
    return SavedRegion(
        kernel=_is("kernel", plain["kernel"], str),
        machine=_is("machine", plain["machine"], str),
        trace_digest=_is("trace_digest", plain["trace_digest"], str),
        cycles=cycles,
        items=_is("items", plain["items"], int | None),
        items_per_second=_is("items_per_second", plain["items_per_second"], float | int | None),
        cycles_by_core=cores,
        cycles_by_cause=_counts("cycles_by_cause", plain["cycles_by_cause"]),
        locks=tuple(_lock(each) for each in plain["locks"]),
    )


def _lock(plain: Mapping[str, Any]) -> SavedLock:
    return SavedLock(
        name=_is("name", plain["name"], str),
        kind=_is("kind", plain["kind"], str),
        instances=_is("words", plain["words"], int),
        use=_use(plain),
        sites=tuple(_site(each) for each in plain["call_sites"]),
        owners=tuple(
            NamedOwner(
                _is("task", each["task"], str),
                _is("pid", each["pid"], int | None),
                _is("site", each["site"], str),
                _is("contended", each["contended"], int),
                int(each["address"], 16),
            )
            for each in plain["owners"]
        ),
    )


def _site(plain: Mapping[str, Any]) -> NamedSite:
    return NamedSite(_is("site", plain["site"], str), _use(plain), int(plain["address"], 16))


def _use(plain: Mapping[str, Any]) -> LockUse:
    kinds = {each.name: int if each.default is MISSING else int | None for each in fields(LockUse)}
    return LockUse(**{name: _is(name, plain[name], kind) for name, kind in kinds.items()})


def _counts(name: str, plain: Mapping[str, Any]) -> dict[str, int]:
    return {key: _is(f"{name}.{key}", value, int) for key, value in plain.items()}


def _is(name: str, value: Any, kind: Any) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}")
    return value
