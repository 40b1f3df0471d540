"""A program that has been made is kept, and made anew where that cannot be read."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from emu import compiled
from emu.assembly import variant_digest
from emu.description import load_machine
from emu.engine.text import Text, build_text
from emu.run.kept_programs import kept
from emu.run.wiring import _text_of, image_of, program_of
from emu.sources import SNIPPETS, guest_folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(compiled, "folder", lambda: tmp_path)
    yield tmp_path


def nobody() -> Text:
    raise AssertionError("it is made again")


def test_what_is_kept_is_what_was_made(folder: Path) -> None:
    text = build_text(image_of("wakeq"), load_machine("a10-7800").costs)
    assert kept("wakeq", lambda: text) is text
    found = kept("wakeq", nobody)
    assert found is not text
    assert (found.instructions == text.instructions).all()
    assert found.decoded == text.decoded
    assert found.image == text.image


def test_another_name_is_another_program(folder: Path) -> None:
    text = program_of("wakeq", "none", load_machine("a10-7800"))[1]
    kept("wakeq", lambda: text)
    with pytest.raises(AssertionError, match="made again"):
        kept("wakeq none", nobody)


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"\x80\x05K\x01."])
def test_what_cannot_be_read_is_made_anew(folder: Path, content: bytes) -> None:
    text = program_of("wakeq", "none", load_machine("a10-7800"))[1]
    kept("wakeq", lambda: text)
    for path in folder.iterdir():
        path.write_bytes(content)
    assert kept("wakeq", lambda: replace(text, marks=["anew"])).marks == ["anew"]
    assert kept("wakeq", nobody).marks == ["anew"]


def test_a_variant_of_ones_own_is_made_anew_when_it_has_changed(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "variant.toml").write_text('name = "mine"\nsummary = "one of my own"\nextends = "wakeq"\n')
    source = (guest_folder(SNIPPETS) / "wakeq" / "expunge_all.S").read_text()
    lengths = []
    for text in (source, source.replace("    ret\n", "    nop\n    ret\n")):
        (mine / "expunge_all.S").write_text(text)
        variant_digest.cache_clear()  # as another process would find it
        _text_of.cache_clear()
        image_of.cache_clear()
        lengths.append(len(program_of(str(mine), "none", load_machine("a10-7800"))[1].decoded))
    assert lengths[1] > lengths[0]


def test_a_folder_that_cannot_be_written_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "folder", lambda: Path("/proc/nowhere"))
    text = program_of("wakeq", "none", load_machine("a10-7800"))[1]
    assert kept("wakeq", lambda: text) is text
