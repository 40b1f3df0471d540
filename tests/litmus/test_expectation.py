"""Expectation files: which entry is whose, disagreements, and files that are none."""

from pathlib import Path

import pytest

from bench.litmus.texts import MP, SB, THREE, write
from emu.errors import UserError
from emu.litmus.expectation import load_expectation
from emu.litmus.suite import Conditions, find_tests, run_suite
from emu.runner.runner import Runner

TSO = Conditions("a10-7800", "tso", 64, 100_000)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> list:
    folder = write(tmp_path_factory.mktemp("tests"), SB=SB, deep__MP=MP, three=THREE)
    return list(run_suite(find_tests([folder]), TSO, Runner.local()))


@pytest.mark.parametrize(
    ("text", "agreeing", "disagreeing", "unexpected", "missing"),
    [
        ("SB.litmus,1\nMP.litmus,1\nthree.litmus,1\n", 3, [], 0, []),
        ("SB.litmus,0\ndeep/MP.litmus,1\n\nother.litmus,1\n", 1, ["SB"], 1, ["other.litmus"]),
        ("SB Allow\nMP Require\nthree Forbid\n", 3, [], 0, []),
        ("\ufeffSB Allow\r\nMP Require\r\nthree Forbid\r\n", 3, [], 0, []),
        ("SB   Forbidden\nnobody Allowed\n", 0, ["SB"], 2, ["nobody"]),
    ],
)
def test_comparison(
    tmp_path: Path, verdicts: list, text: str, agreeing: int, disagreeing: list[str], unexpected: int, missing: list[str]
) -> None:
    path = tmp_path / "expected"
    path.write_text(text)
    found = load_expectation(path).compare(verdicts)
    assert found.agreeing == agreeing
    assert [each.verdict.name for each in found.disagreements] == disagreeing
    assert (len(found.unexpected), found.missing) == (unexpected, missing)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "this one has none"),
        ("SB.litmus,2\n", ":1: must be `NAME.litmus,0` or `NAME.litmus,1`, not 'SB.litmus,2'"),
        ("SB.litmus,1\nMP.litmus\n", ":2: must be"),
        ("SB Allow\nMP Maybe\n", ":2: must be `NAME Allow`, `NAME Forbid` or `NAME Require`, not 'MP Maybe'"),
        ("SB Allow\n\nSB Forbid\n", ":3: SB stands twice"),
    ],
)
def test_what_is_no_expectation_is_refused_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "expected"
    path.write_text(text)
    with pytest.raises(UserError) as refused:
        load_expectation(path)
    assert words in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"\xff\xfe\x00,1")
    for path in (tmp_path / "none", tmp_path, tmp_path / "junk"):
        with pytest.raises(UserError, match="cannot be read"):
            load_expectation(path)
