"""The user's files: each is read up to a bound and written whole or not at all; what is wrong with one is said in a line."""

import os
import threading
from pathlib import Path

import pytest

from emu.errors import UserError
from emu.files import TEXT_BYTES_MAX, Output, free_name, read_bounded, read_toml


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


def test_an_output_is_there_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out"
    output = Output(path, "plot")
    assert list(tmp_path.iterdir()) == []
    with output.open() as file:
        file.write(b"half")
        assert not path.exists()
    output.commit()
    assert path.read_bytes() == b"half"
    assert list(tmp_path.iterdir()) == [path]


def test_an_output_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    output = Output(tmp_path / "out", "plot")
    output.open().close()
    output.discard()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no/out", "there is no directory .*/no"),
        (".", "it is a directory; name a file"),
        ("/dev/full", "it is not a regular file"),
        ("there", "it is there already; choose another name, or --overwrite it"),
        ("file/out", "there is no directory .*/file"),
        ("x" * 300, "File name too long"),
        ("/proc/out", "No such file or directory"),  # a folder in which even root can make no file
    ],
    ids=lambda each: str(each)[:12],
)
def test_what_cannot_be_written_is_refused_before_the_work(tmp_path: Path, name: str, reason: str) -> None:
    for each in ("there", "file"):
        (tmp_path / each).write_text("before")
    with pytest.raises(UserError, match=f"^cannot write plot {tmp_path / name}: {reason}$"):
        Output(tmp_path / name, "plot")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"there": "before", "file": "before"}


def test_overwriting_replaces_the_file_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("before")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    Output(tmp_path / "link", "plot", overwrite=True).write("after")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "after"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_that_appears_during_the_work_is_left(tmp_path: Path) -> None:
    output = Output(tmp_path / "out", "plot")
    (tmp_path / "out").write_text("of somebody else")
    with pytest.raises(UserError, match="another file has taken its place meanwhile"):
        output.write("ours")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["of somebody else"]


def test_a_part_file_that_was_left_behind_is_in_nobodys_way(tmp_path: Path) -> None:
    first = Output(tmp_path / "a", "plot")
    part = first.open()
    second = Output(tmp_path / "b", "plot")
    second.write("b")
    part.close()
    first.commit()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_free_name_is_numbered(tmp_path: Path) -> None:
    path = tmp_path / "failure.case"
    names = []
    for _ in range(3):
        free = free_name(path)
        free.touch()
        names.append(free.name)
    assert names == ["failure.case", "failure-2.case", "failure-3.case"]
