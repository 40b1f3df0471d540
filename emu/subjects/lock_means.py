"""What a wait for a lock and a hold of it took on average: the same of whatever has the sums."""

from typing import Protocol


class _Sums(Protocol):
    @property
    def acquisitions(self) -> int: ...

    @property
    def contended(self) -> int: ...

    @property
    def wait_cycles(self) -> int: ...

    @property
    def hold_cycles(self) -> int: ...


class LockMeans:
    """The means, for a record of these sums."""

    __slots__ = ()

    @property
    def wait_cycles_mean(self: _Sums) -> float:
        """Cycles a contended acquisition waited."""
        return self.wait_cycles / self.contended if self.contended else 0.0

    @property
    def hold_cycles_mean(self: _Sums) -> float:
        """Cycles from an acquisition to the visible release."""
        return self.hold_cycles / self.acquisitions if self.acquisitions else 0.0
