"""`kinds.txt`: for each test of a folder whether a state that its exists clause names can be reached, by the oracle."""

from pathlib import Path

from bench.litmus.tso_model import judge
from bench.litmus.tso_text import read


def kinds(texts: dict[str, str]) -> str:
    """A line for each test by name: NAME Allow or NAME Forbid."""
    lines = []
    for name, text in sorted(texts.items()):
        test = read(text)
        assert test.name == name, f"{name}.litmus says that it is {test.name}"
        assert test.quantifier == "exists", f"{name}: Allow and Forbid are about exists"
        lines.append(f"{name} {'Allow' if judge(test).reachable else 'Forbid'}\n")
    return "".join(lines)


def texts_in(folder: Path) -> dict[str, str]:
    """Name and text of the tests of a folder."""
    return {path.stem: path.read_text() for path in sorted(folder.glob("*.litmus"))}
