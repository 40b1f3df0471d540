"""Field names of the flat records must not hide attributes of numpy.record: the plain-Python twin reads them as attributes."""

import numpy as np
import pytest

from emu.engine import records
from emu.memory import records as memory
from emu.timing import branch


@pytest.mark.parametrize(
    "dtype",
    [
        records.CORE,
        records.MACHINE,
        records.INSTRUCTION,
        records.LOCK,
        memory.BUS,
        memory.STORE,
        memory.BUFFER,
        branch.PREDICTOR,
    ],
)
def test_names_are_free(dtype: np.dtype[np.void]) -> None:
    assert dtype.names is not None
    assert not set(dtype.names) & set(dir(np.record))
