"""Every command line of the documents works as it is typed in a checkout, and the numbers of things in them are right.

Lines of code that begin with `emu` are parsed by the command line itself, and the quick ones are run, one after the other in each
document, as a reader would. `make test-deep` runs all of them, with fewer messages and rounds.
"""

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from emu.assembly.variants import variants
from emu.cli.main import app, main
from emu.observe.branch_record import BranchRecord
from emu.subjects.ipc_msg.workload.plans import SUMMARIES

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(path for pattern in ("*.md", "docs/*.md", "*/README.md", "tests/*/README.md") for path in ROOT.glob(pattern))
FAILS = {"emu run --workload rt-livelock --variant baseline": 1, "emu explore --variant wakeq-release": 1,
         "emu explore --variant baseline --preempt rt --scenario two-on-a-core": 1}  # fmt: skip  # as the documents say
NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


@dataclass(frozen=True, slots=True)
class Line:
    """A command of a document; `output` is the file behind its `>`."""

    place: str
    words: tuple[str, ...]
    output: str | None

    @property
    def command(self) -> str:
        return shlex.join(self.words)


def lines_of(path: Path) -> Iterator[Line]:
    """Commands in blocks of code, fenced or indented; what stands two blanks behind one is a remark."""
    fenced = False
    for number, text in enumerate(path.read_text().splitlines(), 1):
        if text.startswith("```"):
            fenced = not fenced
        elif fenced or text.startswith("    "):
            typed = re.split(r"\s{2,}", text.strip().removeprefix("$ "), maxsplit=1)[0]
            if typed.startswith("emu ") and "[" not in typed:  # else it says how a command is written
                words = shlex.split(typed)
                place = f"{path.relative_to(ROOT)}:{number}"
                at = words.index(">") if ">" in words else len(words)
                yield Line(place, tuple(words[:at]), words[at + 1] if at < len(words) else None)


def mentions_of(path: Path) -> Iterator[tuple[str, ...]]:
    """Commands in the running text: what is between two back quotes."""
    for found in re.findall(r"`(emu\s[^`]+)`", path.read_text()):
        own = re.sub(r"[\[\]]", "", found).split(" -- ")[0]  # what is behind it are another program's words
        yield tuple(own.split())


COMMAND: Any = get_command(app)  # making it costs a tenth of a second
LINES = [line for path in DOCUMENTS for line in lines_of(path)]


def command_of(words: tuple[str, ...]) -> tuple[Any, list[str]]:
    """The command that is meant, and what is behind its name."""
    command, rest = COMMAND, list(words[1:])
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    return command, rest


def test_there_are_lines_to_test() -> None:
    assert len(LINES) > 40
    assert {line.place.split(":")[0] for line in LINES} >= {"README.md", "docs/path.md", "docs/bench.md", "traces/README.md"}


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.place} {line.command}")
def test_every_line_parses(line: Line) -> None:
    command, rest = command_of(line.words)
    with command.make_context("emu", rest) as context:
        assert not getattr(context, "protected_args", []), f"no command {line.command}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_mention_names_what_there_is(path: Path) -> None:
    for words in mentions_of(path):
        command, rest = command_of(words)
        assert command is not COMMAND or rest[0].startswith("--"), words
        known = {"--", *(name for parameter in command.params for name in parameter.opts)}
        assert {word.split("=")[0] for word in rest if word.startswith("--")} <= known, words


# What a reader has of his own, and where a test takes it from.
OWN: dict[str, Callable[[Path], None]] = {
    "./mine": lambda to: quietly("variants", "new", str(to), "--from", "wakeq"),
    "./my-lock.S": lambda to: copy("emu/subjects/bench/locks/ticket.S", to),
    "branches.json": lambda to: BranchRecord().merge_into(to),
    "./host.toml": lambda to: copy("emu/machines/a10-7800.toml", to),
}


def copy(source: str, to: Path) -> None:
    to.write_bytes((ROOT / source).read_bytes())


def quietly(*words: str) -> None:
    with redirect_stdout(StringIO()):
        assert main(words) == 0


def is_quick(line: Line) -> bool:
    """Whether it takes a second or so: of those that need a run before them, the ones on the first page."""
    words = set(line.words)
    if words & {"run", "trace"}:
        return line.place.startswith("README.md") and bool(words & {"--script", "--messages", "trace"})
    quick = {"variants", "machines", "diy"}
    return bool(words & quick) or ("litmus" in words and line.words[2].endswith(".litmus")) or "--rounds" in words


FEWER = {"run": ("--messages", "64"), "compare": ("--messages", "64", "--seeds", "1"), "coverage": ("--messages", "64"),
         "stress": ("--operations", "20000"), "bench": ("--rounds", "20"),
         "explore": ("--cores", "2"), "explore --variant": ("--scenario", "removed-with-sleepers")}  # fmt: skip


def shortened(line: Line) -> list[str]:
    """The words of a line that takes long, with less to do."""
    words = list(line.words)
    more = FEWER.get(" ".join(words[1:3]), FEWER.get(words[1], ()))
    if not {"--script", "--read"} & set(words) and more[:1] and more[0] not in words:
        words += more
    return words


def follow(lines: list[Line], folder: Path, words_of: Callable[[Line], list[str]]) -> None:
    """Type lines one after the other in a folder that looks like a checkout."""
    for entry in ROOT.iterdir():
        if entry.name not in (".git", ".venv"):
            (folder / entry.name).symlink_to(entry)
    for line in lines:
        words = words_of(line)
        for name, make in OWN.items():
            if name in words and not Path(name).exists():
                make(Path(name))
        out = StringIO()
        with redirect_stdout(out):
            code = main(words[1:])
        assert code == FAILS.get(line.command, 0), f"{line.place}: {line.command}: exit code {code}"
        if line.output is not None:
            (folder / Path(line.output).name).write_text(out.getvalue())


BY_DOCUMENT = {name: list(lines) for name, lines in groupby(LINES, lambda line: line.place.split(":")[0])}


QUICK = [name for name, lines in BY_DOCUMENT.items() if any(map(is_quick, lines))]


@pytest.mark.parametrize(
    "document", [pytest.param(each, marks=pytest.mark.deep) if each == "README.md" else each for each in QUICK]
)
def test_quick_lines_run_as_they_are_typed(document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    follow([line for line in BY_DOCUMENT[document] if is_quick(line)], tmp_path, lambda line: list(line.words))


# Boots, and paths through kernels, need a kernel of the reader's own, comparisons two, and to vary each figure takes long:
# tests/boot and tests/compare have such runs.
ELSEWHERE = {"--from", "--kernel", "--sensitivity"}
RUN_HERE = {
    name: some
    for name, lines in BY_DOCUMENT.items()
    if (some := [line for line in lines if line.words[1] != "boot" and not ELSEWHERE.intersection(line.words)])
}


@pytest.mark.deep
@pytest.mark.parametrize("document", RUN_HERE)
def test_all_lines_run(document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    follow(RUN_HERE[document], tmp_path, shortened)


def blocks_of(path: Path) -> list[str]:
    """What is between fences."""
    return re.findall(r"^```\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)


def test_the_script_on_the_page_is_the_one_in_the_file() -> None:
    assert (ROOT / "docs/hand-over.script").read_text() in blocks_of(ROOT / "docs/scripts.md")


@pytest.mark.deep
@pytest.mark.parametrize("words", ["run --cores 4 --variant wakeq", "compare baseline wakeq --threads 4"])
def test_what_the_first_page_shows_is_printed(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """But for the time that the host took, and what a line of dots leaves out."""
    assert main(words.split()) == 0
    printed = re.sub(r" in [\d.]+ s on this host.*", "", capsys.readouterr().out)
    shown = next(block for block in blocks_of(ROOT / "README.md") if block.splitlines()[0] == printed.splitlines()[0])
    for part in re.sub(r" in [\d.]+ s on this host.*", "", shown).split("…\n\n"):
        assert part in printed


@pytest.mark.parametrize(
    ("document", "pattern", "number"),
    [
        ("README.md", r"(\w+) of them: ticket lock", len(variants())),
        ("README.md", r"(\w+) more workloads", len(SUMMARIES) - 2),
        ("README.md", r"(\d+) tests of our own", len([*(ROOT / "tests/litmus").glob("[gh]*/*.litmus")])),
    ],
)
def test_numbers_of_things(document: str, pattern: str, number: int) -> None:
    (found,) = re.findall(pattern, " ".join((ROOT / document).read_text().split()))
    assert (NUMBERS.index(found) if found in NUMBERS else int(found)) == number
