"""Reading the user's files: every one has a bound, and what is wrong with it is said in a line."""

import os
import threading
from pathlib import Path

import pytest

from emu.errors import UserError
from emu.files import TEXT_BYTES_MAX, read_bounded, read_toml


def test_text_comes_with_plain_line_ends_and_without_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree\n")
    assert read_bounded(path, 100, "text") == "one\ntwo\nthree\n"


def test_a_file_of_the_limit_is_read_and_one_byte_more_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("x" * TEXT_BYTES_MAX)
    assert len(read_bounded(path, TEXT_BYTES_MAX, "text")) == TEXT_BYTES_MAX
    path.write_text("x" * (TEXT_BYTES_MAX + 1))
    with pytest.raises(UserError, match=f"^text {path}: cannot be read: it has more than 1 MiB, or no end$"):
        read_bounded(path, TEXT_BYTES_MAX, "text")


def test_an_input_without_an_end_is_refused_at_the_limit() -> None:
    with pytest.raises(UserError, match="or no end"):
        read_bounded(Path("/dev/zero"), TEXT_BYTES_MAX, "text")


def test_a_pipe_is_read_to_its_end_however_it_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def feed() -> None:
        with path.open("wb", buffering=0) as pipe:
            for _ in range(3):
                pipe.write(b"x" * 50_000)

    writer = threading.Thread(target=feed)
    writer.start()
    assert len(read_bounded(path, TEXT_BYTES_MAX, "text")) == 150_000
    writer.join()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        (Path(), "Is a directory"),
        (b"caf\xe9", r"it is not text \(byte 3 is not UTF-8\)"),
    ],
    ids=["missing", "a directory", "not UTF-8"],
)
def test_what_cannot_be_read_is_said_with_name_and_reason(tmp_path: Path, content: bytes | Path | None, reason: str) -> None:
    path = tmp_path / "text"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        path.mkdir()
    with pytest.raises(UserError, match=f"^machine file {path}: cannot be read: {reason}$"):
        read_bounded(path, TEXT_BYTES_MAX, "machine file")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a =", "Invalid value"),
        ("a = " + "9" * 5000, "4300 digits"),
        ("a = " + "[" * 100_000, "brackets inside brackets"),
        ("a = 1\0", "Expected newline"),
    ],
    ids=["cut short", "a number of 5000 digits", "nested without end", "a control character"],
)
def test_what_is_not_toml_is_refused_in_a_line(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "t.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=f"^table {path}: not TOML.*{reason}"):
        read_toml(path, "table")
