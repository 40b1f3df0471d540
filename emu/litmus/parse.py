"""Litmus tests in herd's format, headers `X86` and `X86_64`."""

from collections.abc import Sequence
from pathlib import Path

from emu.errors import UserError
from emu.files import TEXT_BYTES_MAX, read_bounded
from emu.litmus.condition import observables, parse_final
from emu.litmus.dialect import order_of, translate
from emu.litmus.initial import parse_initial
from emu.litmus.layout import Layout, Piece, read_layout
from emu.litmus.lexer import File, Tokens
from emu.litmus.scope import Scope
from emu.litmus.test import LitmusTest, Location, Thread


def parse_file(path: Path) -> LitmusTest:
    """Read and parse a file."""
    return parse(str(path), read_bounded(path, TEXT_BYTES_MAX, "litmus test", errors="replace"))


def parse(path: str, text: str) -> LitmusTest:
    """The test that a text holds; what is wrong with it is a `UserError` with `path` and line."""
    layout = read_layout(File(path, text))
    scope = Scope(layout.architecture)
    parse_initial(Tokens(layout.file, *layout.initial), scope)
    threads = _threads(layout, scope)
    final = parse_final(Tokens(layout.file, *layout.final), scope)
    observed = (*observables(final.condition), *final.listed, *observables(final.filter))
    return LitmusTest(
        path=path,
        name=layout.name,
        architecture=layout.architecture,
        threads=threads,
        locations=_locations(layout, scope),
        registers=dict(scope.registers),
        quantifier=final.quantifier,
        condition=final.condition,
        condition_text=final.text,
        filter=final.filter,
        observed=tuple(dict.fromkeys(observed)),
    )


def _locations(layout: Layout, scope: Scope) -> tuple[Location, ...]:
    try:
        return scope.locations()
    except UserError as error:
        layout.file.refuse(layout.initial[0], str(error))


def _threads(layout: Layout, scope: Scope) -> tuple[Thread, ...]:
    scope.threads = range(len(layout.columns))
    try:
        scope.check_threads()
    except UserError as error:
        layout.file.refuse(layout.initial[0], str(error))
    instructions = (piece.text for column in layout.columns for piece in column if not piece.is_label)
    order = order_of(instructions, layout.architecture)
    return tuple(_thread(layout.file, index, column, order, scope) for index, column in enumerate(layout.columns))


def _thread(file: File, index: int, pieces: Sequence[Piece], order: str, scope: Scope) -> Thread:
    labels = {""}  # the end of the thread
    for piece in pieces:
        if piece.is_label:
            if piece.text in labels:
                file.refuse(piece.offset, f"the label {piece.text} stands twice in P{index}")
            labels.add(piece.text)
    lines = []
    for piece in pieces:
        text = f"{{:{piece.text}}}:" if piece.is_label else _statement(file, piece, labels, order, index, scope)
        lines.append((file.line(piece.offset), text))
    return Thread(index, tuple(lines), tuple(piece.text for piece in pieces))


def _statement(file: File, piece: Piece, labels: set[str], order: str, thread: int, scope: Scope) -> str:
    try:
        statement = translate(piece.text, order, thread, scope)
    except UserError as error:
        file.refuse(piece.offset, f"{piece.text}: {error}")
    for target in statement.targets:
        if target not in labels:
            file.refuse(piece.offset, f"{piece.text}: P{thread} has no label {target}")
    return statement.text
