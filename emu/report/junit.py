"""JUnit's XML, which every CI server reads: one suite of cases, each passed, failed, in error or skipped.

Nothing of the host is in it but the times that a command measures anyway: no date, no host name. It is written with the standard
library; `junitparser` reads it back in the tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from xml.etree import ElementTree

from emu.printable import printable


class Outcome(StrEnum):
    """How a case ended; those of the file that are an element of their own have its name."""

    PASSED = "passed"
    FAILURE = "failure"  # what was checked is not so
    ERROR = "error"  # it could not be checked
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that was checked."""

    name: str
    classname: str  # servers show cases by it
    outcome: Outcome = Outcome.PASSED
    message: str = ""  # in a line
    text: str = ""  # all that there is to say, such as a schedule
    seconds: float | None = None  # of the host
    file: str = ""


def render_junit(suite: str, cases: Sequence[Case]) -> bytes:
    """The file."""
    counts = {each: sum(case.outcome is each for case in cases) for each in Outcome}
    attributes = {
        "name": _xml(suite),
        "tests": str(len(cases)),
        "failures": str(counts[Outcome.FAILURE]),
        "errors": str(counts[Outcome.ERROR]),
        "skipped": str(counts[Outcome.SKIPPED]),
    }
    times = [case.seconds for case in cases if case.seconds is not None]
    if times:
        attributes["time"] = f"{sum(times):.6f}"
    root = ElementTree.Element("testsuites")
    element = ElementTree.SubElement(root, "testsuite", attributes)
    for case in cases:
        _add(element, case)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _add(suite: ElementTree.Element, case: Case) -> None:
    attributes = {"name": _xml(case.name), "classname": _xml(case.classname)}
    if case.seconds is not None:
        attributes["time"] = f"{case.seconds:.6f}"
    if case.file:
        attributes["file"] = _xml(case.file)
    element = ElementTree.SubElement(suite, "testcase", attributes)
    if case.outcome is Outcome.PASSED:
        said = "\n".join(filter(None, (case.message, case.text)))
        if said:
            ElementTree.SubElement(element, "system-out").text = _xml(said)
        return
    inner = ElementTree.SubElement(element, case.outcome.value, {"message": _xml(case.message)})
    inner.text = _xml(case.text or case.message)


def _xml(text: str) -> str:
    """Text that XML can hold: lines stay lines; control characters, halves of characters and what is none are spelt out."""
    whole = printable(text).encode("utf-8", "backslashreplace").decode()
    return whole.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
