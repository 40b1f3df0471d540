"""What instructions cost, as a table of a machine: a CSV file, one row a kind of instruction, each figure with its source.

Columns: `mnemonic` (alternatives with |), `operands` (alternatives with |, each a list of r, r64, m, m32, imm, cl, sr, cr; nothing:
any), `when` (nothing, a word of `CONDITIONS`, or "note: ..." for a row that no instruction is given and that only says what else
was measured), `macro_ops`, `latency` and `recip_throughput` (any may be blank), `source`, `confidence`. An instruction is given
the first row that fits. Latencies of forms with memory include an L1 hit, of those that load and store the way through the store
buffer.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from emu.description.figure import Figure, Strict
from emu.errors import UserError

SAME_REGISTER, SLOW_ADDRESS = "same register", "three parts or a scale"
CONDITIONS = ("", SAME_REGISTER, SLOW_ADDRESS)
NOTE = "note: "
COLUMNS = ("mnemonic", "operands", "when", "macro_ops", "latency", "recip_throughput", "source", "confidence")
FIGURES = ("macro_ops", "latency", "recip_throughput")
# The rows whose latencies are those of a load that hits L1, and of a store that is loaded again.
LOAD, STORE_AND_LOAD = ("MOV", "r64,m64|r32,m32"), ("ADD", "m,r|m,imm")
_PATTERN = re.compile(r"(r|m|x)(8|16|32|64|80|128)?|imm|cl|sr|cr")


class InstructionFigure(Figure):
    """One number of a row: macro-ops, or cycles, of which there may be parts."""

    value: Annotated[float, Field(ge=0, le=10_000)]  # type: ignore[assignment]
    unit: Literal["cycles", "macro-ops"] = "cycles"


class InstructionRow(Strict):
    """One row."""

    mnemonic: Annotated[str, Field(pattern=r"^[A-Za-z0-9+|_ ]+$")]
    operands: str
    when: str
    macro_ops: InstructionFigure | None
    latency: InstructionFigure | None
    recip_throughput: InstructionFigure | None

    @property
    def name(self) -> str:
        """For people."""
        words = f"{self.mnemonic} {self.operands}".strip()
        return f"{words} ({self.when.removeprefix(NOTE)})" if self.when else words

    @property
    def key(self) -> str:
        """For `--set instructions.KEY.latency=...`."""
        return re.sub("[^a-z0-9]+", "_", self.name.lower()).strip("_")

    @property
    def is_note(self) -> bool:
        """Whether it is for people only."""
        return self.when.startswith(NOTE)

    @property
    def mnemonics(self) -> tuple[str, ...]:
        """Every mnemonic that it is for; a prefix is that of all of them."""
        prefix, _, names = self.mnemonic.rpartition(" ")
        return tuple(f"{prefix} {name}".strip() for name in names.split("|"))

    @property
    def forms(self) -> tuple[tuple[str, ...], ...]:
        """The lists of operands that it is for; none: any."""
        return tuple(tuple(form.split(",")) for form in self.operands.split("|")) if self.operands else ()

    @property
    def figures(self) -> dict[str, InstructionFigure]:
        """Those that it states, by column."""
        return {name: figure for name in FIGURES if (figure := getattr(self, name)) is not None}


class InstructionTable(Strict):
    """All rows, in the order of the file."""

    file: str  # as the machine file names it
    rows: tuple[InstructionRow, ...]
    load: float  # an L1 hit, within the latencies of the table
    store_and_load: float  # the way through the store buffer, within those of what loads and stores

    @cached_property
    def by_mnemonic(self) -> Mapping[str, Sequence[InstructionRow]]:
        """The rows that instructions can be given, those of each mnemonic in the order of the file."""
        found: dict[str, list[InstructionRow]] = {}
        for row in self.rows:
            if not row.is_note:
                for name in row.mnemonics:
                    found.setdefault(name, []).append(row)
        return found

    def row(self, name: str) -> InstructionRow | None:
        """By its name."""
        return next((row for row in self.rows if row.name == name), None)


def read_table(path: Path, name: str) -> InstructionTable:
    """Read a CSV file; a `UserError` names what is wrong with which line."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = csv.DictReader(file)
            if tuple(lines.fieldnames or ()) != COLUMNS:
                raise UserError(f"instruction table {path}: the columns must be {', '.join(COLUMNS)}, not {lines.fieldnames}")
            rows = tuple(_row(path, lines.line_num, line) for line in lines)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"instruction table {path}: {error}") from None
    seen: dict[str, InstructionRow] = {}
    for row in rows:
        if row.key in seen:
            raise UserError(f"instruction table {path}: {row.name} and {seen[row.key].name} have one key, {row.key}")
        seen[row.key] = row
    parts = [_latency_of(path, rows, *each) for each in (LOAD, STORE_AND_LOAD)]
    return InstructionTable(file=name, rows=rows, load=parts[0], store_and_load=parts[1])


def _row(path: Path, at: int, line: dict[str, str | None]) -> InstructionRow:
    if None in line.values() or None in line:
        raise UserError(f"{path}:{at}: a row has {len(COLUMNS)} columns")
    said: dict[str, object] = {"source": line["source"], "confidence": line["confidence"]}
    figures: dict[str, object] = {}
    for name in FIGURES:
        if text := line[name]:
            try:
                figures[name] = said | {"value": float(text), "unit": "macro-ops" if name == "macro_ops" else "cycles"}
            except ValueError:
                raise UserError(f"{path}:{at}: {name} must be a number or nothing, not {text!r}") from None
    for form in (line["operands"] or "").split("|"):
        for each in form.split(","):
            if each and not _PATTERN.fullmatch(each):
                raise UserError(f"{path}:{at}: an operand is r, m or x, with or without a width, imm, cl, sr or cr, not {each!r}")
    when = line["when"] or ""
    if when not in CONDITIONS and not when.startswith(NOTE):
        raise UserError(f"{path}:{at}: when must be nothing, {', '.join(CONDITIONS[1:])} or {NOTE}..., not {when!r}")
    row: dict[str, object] = {name: line[name] for name in ("mnemonic", "operands", "when")}
    try:
        return InstructionRow.model_validate(row | dict.fromkeys(FIGURES) | figures)
    except ValidationError as refused:
        error = refused.errors(include_url=False)[0]
        where = ".".join(map(str, error["loc"]))
        raise UserError(f"{path}:{at}: {where}: {error['msg']}, not {error['input']!r}") from None


def _latency_of(path: Path, rows: tuple[InstructionRow, ...], mnemonic: str, operands: str) -> float:
    row = next((row for row in rows if (row.mnemonic, row.operands, row.when) == (mnemonic, operands, "")), None)
    if row is None or row.latency is None:
        raise UserError(f"instruction table {path}: there must be a row {mnemonic} {operands} with a latency")
    return row.latency.value
