"""The path of a message, made up: as long as the real kernel's."""

from emu.report.path_check import PathComparison
from emu.subjects.ipc_msg.path.lengths import ROWS, SECTIONS, PathLengths
from emu.subjects.ipc_msg.path.reference import Reference, reference_of
from emu.subjects.path.tally import Means, Measure


def means(real) -> Means:
    return Means(**{measure.value: real.get(measure, 0.0) for measure in Measure})


def like(reference: Reference) -> PathLengths:
    """A path exactly as long as the real one."""
    functions = {name: {each: means(real) for each, real in found.items()} for name, found in reference.functions.items()}
    return PathLengths(
        messages=100,
        rows={name: means(reference.rows.get(name, {})) for name in ROWS},
        functions=functions | {"user": {"program": Means(instructions=94)}},
        sections={name: means(reference.sections[name]) for name in SECTIONS},
        holds=dict.fromkeys(SECTIONS, 100),
        held={name: {f"do_{name.partition('_')[0]}": means(reference.sections[name])} for name in SECTIONS},
        transfers=dict(reference.transfers),
        objects=dict(reference.objects),
    )


def path_comparison() -> PathComparison:
    """Beside the kernel that it is like."""
    reference = reference_of("wakeq")
    assert reference is not None
    return PathComparison("wakeq", "a10-7800", like(reference), reference)
