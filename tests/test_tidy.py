"""What grows stale or creeps in without anybody noticing: words of a subject below it, names in docs that are nowhere."""

import ast
import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

import emu.engine.probes
import emu.engine.records
import emu.explore.records
import emu.memory.records

PACKAGE = Path(str(files("emu")))
ROOT = Path(__file__).parents[1]
# Packages and modules below the subjects: what runs on the machine is unknown there.
BELOW = (
    "assembly", "boot", "description", "diy", "elf", "engine", "explore", "guest", "image", "isa", "memory", "native", "schedules",
    "stress", "timing", "trace",
    "block.py", "compiled.py", "errors.py", "files.py",
    "printable.py", "processes.py", "set_associative.py", "sources.py", "tables.py",
    "units.py", "whole.py",
)  # fmt: skip
WORDS = re.compile(r"msg|queue_lock|sender|receiver", re.IGNORECASE)
NOT_MEANT = re.compile(r"socket\.MSG_NOSIGNAL|error\['msg'\]")  # a flag of sockets, a key of pydantic
# Text in backquotes that looks like a file of this project.
FILE = re.compile(r"`((?:emu|firmware|kernel_snippets|tests|traces|benchmarks|docs)/[\w./-]+\.(?:py|toml|md|S|csv|txt|png))`")
PLACEHOLDER = re.compile(r"\b(?:NAME|WORKLOAD)\b")
DOCS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "kernel_snippets/README.md", "traces/README.md")


def sources(name: str) -> list[Path]:
    path = PACKAGE / name
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


@pytest.mark.parametrize("name", BELOW)
def test_no_word_of_a_subject_stands_below_it(name: str) -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}"
        for path in sources(name)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if WORDS.search(NOT_MEANT.sub("", line))
    ]
    assert sources(name), f"there is no emu/{name}: take it out of the list"
    assert not found


def test_every_package_is_below_the_subjects_or_known_to_be_above() -> None:
    above = {"calibrate", "cli", "compare", "debug", "export", "html", "litmus", "observe", "report", "run", "runner"}
    above |= {"subjects", "sweep", "testing"}
    data = {"kernels", "machines", "published"}
    there = {path.name for path in PACKAGE.iterdir() if path.name not in ("__init__.py", "__pycache__", "_guest", "py.typed")}
    assert there - data == {*BELOW, *above}


def documents() -> list[Path]:
    return [ROOT / name for name in DOCS] + sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_files_that_a_document_names_are_there(document: Path) -> None:
    missing = [name for name in FILE.findall(document.read_text()) if not PLACEHOLDER.search(name) and not (ROOT / name).exists()]
    assert not missing


def words_of(*folders: Path) -> Counter[str]:
    return Counter(word for folder in folders for path in folder.rglob("*.py") for word in re.findall(r"\w+", path.read_text()))


def is_called_by_a_library(node: ast.FunctionDef | ast.ClassDef) -> bool:
    return any(re.search(r"\b(?:command|callback|declare|hookimpl)\b", ast.unparse(each)) for each in node.decorator_list)


def test_every_field_of_a_hot_record_is_read_or_written() -> None:
    records = {
        name: dtype
        for module in (emu.engine.records, emu.engine.probes, emu.memory.records, emu.explore.records)
        for name, dtype in vars(module).items()
        if isinstance(dtype, np.dtype) and dtype.names
    }
    counts = words_of(PACKAGE)
    unused = [f"{name}.{field}" for name, dtype in records.items() for field in dtype.names or () if counts[field] < 2]
    assert set(unused) <= {"INSTRUCTION.padding"}


def test_every_public_function_has_a_user() -> None:
    """Commands and hooks have one by their decorator; what the tests alone use is an entrance of theirs."""
    counts = words_of(PACKAGE, ROOT / "tests", ROOT / "benchmarks")
    defined = [
        (path, node.name)
        for path in PACKAGE.rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_") and not is_called_by_a_library(node)
    ]
    assert len(defined) > 500
    assert [f"{path.relative_to(PACKAGE)}: {name}" for path, name in defined if counts[name] < 2] == []
