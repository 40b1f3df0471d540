"""The text form of a script: one operation a line, in the order in which they are issued.

    # a receiver waits, a sender hands over
    tasks 2
    t1: recv type=1 size=64 -> blocks
    t2: send type=1 text=0x1122334455667788 -> 0
    t1: returns 8 type=1
    t2: stat -> qnum=0 cbytes=0
    t1: recv & t2: send type=1
    t2: send type=1 & t1: signal t2 while t2 at handoff_window

`-> OUTCOME` and the lines `tN: returns OUTCOME` and `tN: dies` say what is expected; they may be left out. An outcome is
a value, the name of an error, `blocks` or `dies`, and then fields: those that are given must be so. `tN: returns` stands under
the operation that woke tN.

What `&` stands between is issued at once (`t1 & t2: recv`: the same call of both); behind `while` stands where in the kernel
another task of them is to be first; such an operation may stand in a line of its own, below that task's. A queue is named by
the order of creation, q1 first; `queues N` says how many exist from the beginning (1 if it is left out), `user tN U` that tN is
of another user than 0, `core tN C` that it shares a core with others (each has one of its own, 0 that of t1), `priority tN P`
that it is a real-time task. The words of each operation are in `emu.subjects.ipc_msg.script.words`. Results are written in the
same form.
"""

import errno
import re
from dataclasses import replace

from emu.errors import UserError
from emu.subjects.ipc_msg.script import script as s
from emu.subjects.ipc_msg.script.words import (
    FIELDS,
    NEEDED,
    OPERATIONS,
    WITH_TARGET,
    OutOfRange,
    Word,
    call_text,
    named,
    outcome_text,
    return_text,
    whole,
)

HEADERS = "`tasks N`, `queues N`, `user tN U`, `core tN C`, `priority tN P`"
OF_TASKS = {"user": (0, s.USER_MAX), "core": (0, s.TASKS_MAX - 1), "priority": (1, s.PRIORITY_MAX)}  # headers, and their numbers
TOGETHER = "&"
WHILE = "while"
POINT = re.compile(r"[a-z_][a-z_0-9]*")
QUOTED_MAX = 80  # characters of a wrong line that a message repeats


def parse(text: str, name: str = "script") -> s.Script:
    """Read a script, or raise `UserError` with the place, what was wanted and what was got."""
    reader = _Reader(name)
    for number, line in enumerate(text.split("\n"), 1):  # as editors count: there are more characters that end lines
        words = line.partition("#")[0].split()
        if words:
            reader.line = number
            reader.read(words)
    return reader.script()


def dump(script: s.Script) -> str:
    """Write a script; `parse` gives the same one back."""
    lines = [f"tasks {script.tasks}"]
    if script.queues != 1:
        lines.append(f"queues {script.queues}")
    for name, values in (("user", script.users), ("core", script.cores), ("priority", script.priorities)):
        lines.extend(f"{name} t{task} {value}" for task, value in values)
    for group in script.groups():
        lines.append(" & ".join(_step_text(step) for step in group))
        lines.extend(f"t{back.task}: {return_text(back.outcome)}" for step in group for back in step.returns)
    return "\n".join(lines) + "\n"


def _step_text(step: s.Step) -> str:
    expect = f" -> {outcome_text(step.expect)}" if step.expect else ""
    return f"{call_text(step)}{expect}"


def with_results(script: s.Script, results: s.Results) -> s.Script:
    """Take the script with what it gave in place of what was expected: the form in which results are written."""
    steps = (
        replace(step, expect=result.outcome, returns=tuple(s.Return(task, outcome) for task, outcome in result.returns))
        for step, result in zip(script.steps, results, strict=False)
    )
    return replace(script, steps=tuple(steps))


class _Reader:
    """Lines in, a script out."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.line = 0
        self._counts: dict[str, int] = {}
        self._of_tasks: dict[str, dict[int, int]] = {name: {} for name in OF_TASKS}
        self._steps: list[s.Step] = []
        self._dead: dict[int, int] = {}  # task to the line in which it ended

    def read(self, words: list[str]) -> None:
        if words[0] in ("tasks", "queues"):
            self._header(words)
            return
        if words[0] in OF_TASKS:
            self._of_task(words)
            return
        if TOGETHER in words:
            self._together(words)
            return
        if not words[0].endswith(":"):
            raise self._wrong(f"{HEADERS} or `tN: operation`", " ".join(words))
        task = self._existing(words[0][:-1])
        if len(words) < 2:
            raise self._wrong(f"an operation ({', '.join(OPERATIONS)}), returns or dies", "nothing")
        if words[1] in ("returns", "dies"):
            self._return(task, words[1:])
            return
        self._step(task, words[1:])
        if self._steps[-1].during:
            self._below()

    def _together(self, words: list[str]) -> None:
        """Operations that are issued at once; tasks that are named alone make the call of the one that is named with it."""
        parts: list[list[str]] = [[]]
        for word in words:
            if word == TOGETHER:
                parts.append([])
            else:
                parts[-1].append(word)
        first, same = len(self._steps), list[str]()
        for part in reversed(parts):
            if len(part) == 1 and not part[0].endswith(":") and same:
                part[:] = [f"{part[0]}:", *same]
            elif len(part) < 2 or not part[0].endswith(":"):
                raise self._wrong("`tN: operation & tM: operation`, or `tN & tM: operation`", " ".join(words))
            same = part[1:]
        for part in parts:
            self._step(self._existing(part[0][:-1]), part[1:])
        self._join(first)

    def _below(self) -> None:
        """An operation with `while` in a line of its own belongs to the operations above it."""
        first = next((at for at in range(len(self._steps) - 2, -1, -1) if not self._steps[at].joined), len(self._steps) - 1)
        if any(step.returns for step in self._steps[first:]):
            raise self._wrong(
                "an operation with `while` directly below the one that it overlaps with", "it below what came of that"
            )
        self._join(first)

    def _join(self, first: int) -> None:
        """The steps from one on are issued together."""
        group = self._steps[first:]
        for place, step in enumerate(group):
            if step.during and step.during.task not in [other.task for other in group[:place]]:
                raise self._wrong(
                    f"an operation of t{step.during.task} before one that is made while it is somewhere", f"`{call_text(step)}`"
                )
        if len({step.task for step in group}) < len(group):
            raise self._wrong("each task once in what is issued together", " & ".join(map(call_text, group)))
        self._steps[first + 1 :] = [replace(step, joined=True) for step in group[1:]]

    def script(self) -> s.Script:
        if "tasks" not in self._counts:
            raise self._wrong("`tasks N` before the first operation", "none")
        users, cores, priorities = (tuple(sorted(self._of_tasks[name].items())) for name in OF_TASKS)
        return s.Script(
            self._counts["tasks"],
            tuple(self._steps),
            self._counts.get("queues", 1),
            tuple((task, user) for task, user in users if user),
            tuple((task, core) for task, core in cores if core != task - 1),
            priorities,
            self.name,
        )

    def _wrong(self, wanted: str, got: str, why: str = "") -> UserError:
        shown = got if len(got) <= QUOTED_MAX else f"{got[:QUOTED_MAX]}..."
        return UserError(f"{self.name}:{self.line}: wanted {wanted}, got {shown}{why}")

    def _header(self, words: list[str]) -> None:
        least, most = (1, s.TASKS_MAX) if words[0] == "tasks" else (0, s.QUEUES_MAX)
        if self._steps or words[0] in self._counts:
            raise self._wrong(f"`{words[0]}` once, before the first operation", "it again or too late")
        self._counts[words[0]] = self._number_in(words[1:], least, most, f"`{words[0]} N` with N from {least} to {most}", words)

    def _of_task(self, words: list[str]) -> None:
        name = words[0]
        least, most = OF_TASKS[name]
        number = name[0].upper()
        wanted = f"`{name} tN {number}` with {number} from {least} to {most}, once a task, before the first operation"
        task = self._existing(words[1] if len(words) > 1 else "nothing")
        if self._steps or task in self._of_tasks[name]:
            raise self._wrong(wanted, "it again or too late")
        self._of_tasks[name][task] = self._number_in(words[2:], least, most, wanted, words)

    def _number_in(self, given: list[str], least: int, most: int, wanted: str, words: list[str]) -> int:
        """The one number that a header ends with."""
        try:
            if len(given) != 1:
                raise ValueError
            return whole(given[0], least, most)
        except OutOfRange as problem:
            raise self._wrong(wanted, " ".join(words), f", which is {problem}") from None
        except ValueError:
            raise self._wrong(wanted, " ".join(words)) from None

    def _user_of(self, task: int) -> int:
        return self._of_tasks["user"].get(task, 0)

    def _existing(self, text: str) -> int:
        if "tasks" not in self._counts:
            raise self._wrong("`tasks N` before the first operation", text)
        try:
            return named("t", text, self._counts["tasks"])
        except ValueError:
            raise self._wrong(f"a task, t1 to t{self._counts['tasks']}", text) from None

    def _alive(self, task: int) -> None:
        if task in self._dead:
            raise self._wrong(f"a task that lives: t{task} ended in line {self._dead[task]}", f"t{task}")

    def _return(self, task: int, words: list[str]) -> None:
        if not self._steps:
            raise self._wrong("an operation first", " ".join(words))
        outcome = s.DIES if words == ["dies"] else self._outcome(words[1:] if words[0] == "returns" else words)
        last = self._steps[-1]
        self._steps[-1] = replace(last, returns=(*last.returns, s.Return(task, outcome, self.line)))

    def _step(self, task: int, words: list[str]) -> None:
        self._alive(task)
        arrow = words.index("->") if "->" in words else len(words)
        expect = self._outcome(words[arrow + 1 :]) if arrow < len(words) else None
        moment = words.index(WHILE) if WHILE in words[:arrow] else arrow
        during = self._moment(words[moment:arrow]) if moment < arrow else None
        operation = self._operation(task, words[0], words[1:moment])
        self._steps.append(s.Step(task, operation, expect, (), self.line, during=during))

    def _moment(self, words: list[str]) -> s.Moment:
        if len(words) != 4 or words[2] != "at" or not POINT.fullmatch(words[3]):
            raise self._wrong("`while tN at POINT`", " ".join(words))
        return s.Moment(self._existing(words[1]), words[3])

    def _operation(self, task: int, verb: str, words: list[str]) -> s.Operation:
        if verb not in OPERATIONS:
            raise self._wrong(f"an operation ({', '.join(OPERATIONS)}), returns or dies", verb)
        kind, known = OPERATIONS[verb]
        values: dict[str, object] = {}
        if verb in WITH_TARGET:
            target = self._existing(words.pop(0) if words else "nothing")
            self._alive(target)
            if verb == "kill" and target == task:
                raise self._wrong("another task to kill (a task ends itself by `exit`)", f"t{task}")
            values["target"] = target
        for text in words:
            self._word(verb, known, text, values)
        if verb in NEEDED and NEEDED[verb] not in values:
            raise self._wrong(f"{NEEDED[verb]}= behind {verb}", " ".join([verb, *words]))
        if "index" in values and "queue" in values:
            raise self._wrong("an index, or a queue whose index is meant", " ".join(words))
        if verb == "exit" or (verb == "kill" and self._user_of(task) == self._user_of(target)):
            self._dead[target if verb == "kill" else task] = self.line
        spelled = values.get("text")
        if isinstance(spelled, bytes) and ("fill" in values or values.setdefault("size", len(spelled)) != len(spelled)):
            raise self._wrong(f"no fill, and size={len(spelled)} or none, beside that text", " ".join(words))
        return kind(**values)  # type: ignore[arg-type]

    def _word(self, verb: str, known: tuple[Word, ...], text: str, values: dict[str, object]) -> None:
        name, equals, value = text.partition("=")
        word = next((word for word in known if word.name == name), None)
        if word is None:
            raise self._wrong(f"a word of {verb} ({', '.join(w.name for w in known) or 'none'})", text)
        if word.attribute in values:
            raise self._wrong(f"{name} once", "it twice")
        try:
            if bool(equals) != (word.wanted != "no value"):
                raise ValueError
            values[word.attribute] = word.read(value)
        except OutOfRange as problem:
            raise self._wrong(f"{name}: {word.wanted}", text, f", which is {problem}") from None
        except ValueError:
            raise self._wrong(f"{name}: {word.wanted}", text) from None

    def _outcome(self, words: list[str]) -> s.Outcome:
        if not words:
            raise self._wrong("an outcome: a value, an error, blocks or dies", "nothing")
        first = "0" if "=" in words[0] else words.pop(0)
        known = first in ("blocks", "dies") or first in errno.errorcode.values() or re.fullmatch(r"[0-9]+|q[1-9][0-9]*", first)
        if not known:
            raise self._wrong("an outcome: a value, qN, the name of an error, blocks or dies", first)
        found: dict[str, str] = {}
        for text in words:
            name, _, value = text.partition("=")
            if name not in FIELDS:
                raise self._wrong(f"a field ({', '.join(FIELDS)})", text)
            if name in found:
                raise self._wrong(f"{name} once", "it twice")
            read, wanted = FIELDS[name]
            try:
                found[name] = read(value)
            except OutOfRange as problem:
                raise self._wrong(f"{name}= {wanted}", text, f", which is {problem}") from None
            except ValueError:
                raise self._wrong(f"{name}= {wanted}", text) from None
        return s.Outcome(first, tuple(found.items()))
