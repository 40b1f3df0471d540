"""The tables of all readings: from rates to Markdown, and into a document between its markers."""

from itertools import product
from pathlib import Path

import pytest
import readings

from emu.errors import UserError
from emu.run.experiment import prepare

RATES = {
    (reading, threads, variant): [1e5 * threads, 1e5 * threads] if variant == "baseline" else [1.2e5 * threads, 1.4e5 * threads]
    for reading, threads, variant in product(readings.READINGS, readings.THREADS, readings.VARIANTS)
}


def test_every_reading_can_be_run() -> None:
    for reading in readings.READINGS:
        setup = prepare(readings.experiment(reading, 2, "wakeq", 10, 1))
        assert setup.machine.count == 4


def test_tables() -> None:
    lines = list(readings.tables(RATES))
    for reading in readings.READINGS:
        rates, fit = (line for line in lines if line.startswith(f"| {reading.name} |"))
        assert "| 200 → 260, +30 ±10 % |" in rates
        assert fit.count("|") == 6
    assert "381 → 405, +6 %" in next(line for line in lines if line.startswith("| **published, if it counts pairs"))


def test_only_what_lies_between_the_markers_changes(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text(f"before\n{readings.BEGIN}old\n{readings.END}after\n")
    readings.update(document, "new\n")
    assert document.read_text() == f"before\n{readings.BEGIN}new\n{readings.END}after\n"


def test_a_document_without_markers_is_refused(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text("no markers\n")
    with pytest.raises(UserError, match="they are not there"):
        readings.update(document, "new\n")
    assert document.read_text() == "no markers\n"
