"""A record that compiled code works on, with the arrays that it points to: declared, wired and kept alive in one place."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.native import address_of

Array = NDArray[Any]


class Block:
    """`record` is a one-element array; `arrays` holds by name what its fields point to, and what those arrays point to.

    Raw addresses keep nothing alive, so the arrays live as long as the block. What is not `saved` is the same whenever a
    run is at the same place, or is never read before it is written: whoever goes back to an earlier state leaves it alone.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        """A zeroed record."""
        self.record: Array = np.zeros(1, dtype)
        self.arrays: dict[str, Array] = {}
        self._left_alone: set[str] = set()

    def put(self, **values: Any) -> None:
        """Set fields of the record by their names; `group.name` is one of a record within it."""
        for name, value in values.items():
            *within, last = name.split(".")
            record = self.record
            for each in within:
                record = record[each]
            record[last] = value

    def keep(self, name: str, array: Array, *, saved: bool = True) -> Array:
        """Have an array to which something else than a field of this record points."""
        self.arrays[name] = array
        (self._left_alone.discard if saved else self._left_alone.add)(name)
        return array

    def share(self, name: str, array: Array, *, saved: bool = True) -> Array:
        """Have an array, and its address in the field of that name."""
        self.put(**{name: address_of(array)})
        return self.keep(name, array, saved=saved)

    def saved(self) -> dict[str, Array]:
        """The arrays that a run changes, by name; the record is one more."""
        return {name: array for name, array in self.arrays.items() if name not in self._left_alone}

    def state(self) -> list[Array]:
        """Everything that has to be put back to go back to an earlier state."""
        return [self.record, *self.saved().values()]
