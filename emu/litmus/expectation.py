"""What somebody else says of the tests: Dat3M's CSV of conditions that hold, or herd's list of kinds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from emu.errors import UserError
from emu.files import LIST_BYTES_MAX, read_bounded
from emu.litmus.verdict import Verdict

HOLDS = {"1": True, "0": False}
WORDS = {
    "allow": "Allow",
    "allowed": "Allow",
    "forbid": "Forbid",
    "forbidden": "Forbid",
    "require": "Require",
    "required": "Require",
}


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A test that came out otherwise than expected."""

    verdict: Verdict
    expected: str
    got: str


@dataclass(slots=True)
class Comparison:
    """How verdicts compare with an expectation."""

    agreeing: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)
    unexpected: list[Verdict] = field(default_factory=list)  # tests of which the file says nothing
    missing: list[str] = field(default_factory=list)  # entries that no test answers to


@dataclass(frozen=True, slots=True)
class Expectation:
    """One file: by file name whether the quantified condition holds, or by test name Allow, Forbid or Require."""

    holds: dict[str, bool]
    words: dict[str, str]

    def compare(self, verdicts: Iterable[Verdict]) -> Comparison:
        """Hold verdicts against the file."""
        result, met = Comparison(), set()
        for verdict in verdicts:
            key = self._key(verdict)
            if key is None:
                result.unexpected.append(verdict)
                continue
            met.add(key)
            expected, got = self._sides(key, verdict)
            if expected == got:
                result.agreeing += 1
            else:
                result.disagreements.append(Disagreement(verdict, expected, got))
        result.missing = [key for key in (*self.holds, *self.words) if key not in met]
        return result

    def _key(self, verdict: Verdict) -> str | None:
        """The entry for a test: the longest end of its path, or its name."""
        if self.words:
            return verdict.name if verdict.name in self.words else None
        parts = PurePath(verdict.path).parts
        return next((key for start in range(len(parts)) if (key := "/".join(parts[start:])) in self.holds), None)

    def _sides(self, key: str, verdict: Verdict) -> tuple[str, str]:
        """What was expected and what was got, in the same words."""
        if self.holds:
            words = {True: "the condition holds", False: "the condition does not hold"}
            return words[self.holds[key]], words[verdict.holds]
        if self.words[key] == "Require":
            return "Require", "Require" if verdict.observation == "Always" else verdict.word
        return self.words[key], verdict.word


def load_expectation(path: Path) -> Expectation:
    """Read a file of `NAME.litmus,0|1` or of `NAME Allow|Forbid|Require` lines; its first line says which."""
    text = read_bounded(path, LIST_BYTES_MAX, "expectation")
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise UserError(f"{path}: an expectation file must have lines `NAME.litmus,0|1` or `NAME Allow|Forbid`, this one has none")
    with_commas = "," in lines[0][1]
    holds: dict[str, bool] = {}
    words: dict[str, str] = {}
    for number, line in lines:
        name, _, said = line.rpartition(",") if with_commas else _split(line)
        name, said = name.strip(), said.strip()
        if name in holds or name in words:
            raise UserError(f"{path}:{number}: {name} stands twice")
        if with_commas and name and said in HOLDS:
            holds[name] = HOLDS[said]
        elif not with_commas and name and said.lower() in WORDS:
            words[name] = WORDS[said.lower()]
        else:
            wanted = "`NAME.litmus,0` or `NAME.litmus,1`" if with_commas else "`NAME Allow`, `NAME Forbid` or `NAME Require`"
            raise UserError(f"{path}:{number}: must be {wanted}, not {line!r}")
    return Expectation(holds, words)


def _split(line: str) -> tuple[str, str, str]:
    parts = line.split()
    return (" ".join(parts[:-1]), " ", parts[-1]) if len(parts) > 1 else (line, "", "")
