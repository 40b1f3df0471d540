"""What a script gave, held against what its author expected."""

from emu.subjects.ipc_msg.script.script import BLOCKS, Outcome, Results, Script, Step, StepResult
from emu.subjects.ipc_msg.script.words import operation_text, outcome_text, return_text


def mismatches(script: Script, results: Results) -> list[str]:
    """List one line for each expectation that was not met, with its place in the script.

    A task that came back although nothing says so is one too, if its operation was expected to block: who writes
    `-> blocks` also writes how it ends.
    """
    found = []
    followed: dict[int, int] = {}  # a task whose operation was expected to block, to the line of that operation
    for step, result in zip(script.steps, results, strict=False):
        place = f"{script.name}:{step.line}: t{step.task}: {operation_text(step.operation)}"
        if step.expect is not None and not result.outcome.meets(step.expect):
            found.append(f"{place}: wanted {outcome_text(step.expect)}, got {outcome_text(result.outcome)}")
        found.extend(_returns(script.name, place, step, result, followed))
        if step.expect == BLOCKS and result.outcome == BLOCKS:
            followed[step.task] = step.line
    if len(results) < len(script.steps):
        step = script.steps[len(results)]
        found.append(f"{script.name}:{step.line}: t{step.task}: {operation_text(step.operation)}: never issued")
    return found


def _returns(name: str, place: str, step: Step, result: StepResult, followed: dict[int, int]) -> list[str]:
    found = []
    came = dict(result.returns)
    for wanted in step.returns:
        got: Outcome | None = came.pop(wanted.task, None)
        if got is None or not got.meets(wanted.outcome):
            text = return_text(got) if got else "it did not come back"
            found.append(f"{name}:{wanted.line}: t{wanted.task}: wanted {return_text(wanted.outcome)}, got {text}")
        followed.pop(wanted.task, None)
    for task, outcome in came.items():
        if task in followed:
            line = followed.pop(task)
            found.append(f"{place}: wanted t{task} to stay in its operation of line {line}, got t{task}: {return_text(outcome)}")
    return found
