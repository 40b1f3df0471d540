"""Kept results as a table: nested figures become columns with dotted names, lists become JSON."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from emu.errors import UserError
from emu.runner.store import Entry, Store
from emu.sources import code_digest

Row = dict[str, Any]
Writer = Callable[[Sequence[Row]], bytes]


def rows_of(store: Store, kind: str, *, every: bool = False) -> list[Row]:
    """A row for each whole entry of a kind; `every`: of any emu, not of this one alone."""
    found = []
    for entry in store.entries():
        if isinstance(entry, Entry) and entry.question.kind == kind and (every or entry.code == code_digest()):
            plain = {"code": entry.code, "question": entry.question.asks, "answer": entry.answer}
            found.append(dict(_flat("", plain)))
    return found


def _flat(name: str, plain: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(plain, Mapping):
        for key, value in plain.items():
            yield from _flat(f"{name}.{key}" if name else key, value)
    else:
        yield name, json.dumps(plain) if isinstance(plain, list) else plain


def _columns(rows: Sequence[Row]) -> list[str]:
    """The names of all rows, in the order in which they first occur."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _csv() -> Writer:
    def write(rows: Sequence[Row]) -> bytes:
        file = io.StringIO()
        table = csv.DictWriter(file, _columns(rows), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        return file.getvalue().encode()

    return write


def _parquet() -> Writer:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise UserError("a .parquet file needs the package pyarrow: pip install pyarrow; a .csv file needs nothing") from None

    def write(rows: Sequence[Row]) -> bytes:
        sink = pyarrow.BufferOutputStream()
        columns = {name: [row.get(name) for row in rows] for name in _columns(rows)}
        parquet.write_table(pyarrow.table(columns), sink)
        return bytes(sink.getvalue())

    return write


WRITERS: Mapping[str, Callable[[], Writer]] = {".csv": _csv, ".parquet": _parquet}  # by how the file's name ends
