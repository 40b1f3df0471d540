"""Runs that note which ways the guest's branches go."""

from collections.abc import Sequence
from dataclasses import replace

from emu.isa import decode
from emu.observe.branch_record import BranchRecord
from emu.observe.branches import GuestBranch, Place, branches_of, outcomes_of
from emu.run.experiment import drive_to_end, prepare
from emu.run.experiment_spec import Experiment
from emu.run.script_run import ScriptMachine
from emu.run.wiring import Wired, image_of
from emu.subjects.ipc_msg.script import script as s


def cover_experiment(experiment: Experiment, record: BranchRecord) -> None:
    """Run an experiment to its end."""
    setup = prepare(experiment)
    setup.machine.record_branches()
    drive_to_end(setup)
    record.add(_gone(setup))


def cover_script(script: s.Script, variant: str, machine: str, record: BranchRecord) -> s.Results:
    """Run a script; what it gave."""
    scripted = ScriptMachine.of(script, variant, machine, record_branches=True)
    results = scripted.run(script)
    record.add(_gone(scripted.wired))
    return results


def _gone(wired: Wired) -> dict[Place, set[str]]:
    return outcomes_of(wired.image, wired.text.decoded, wired.machine.branch_outcomes)


def branches_in(variants: Sequence[str]) -> list[GuestBranch]:
    """Every branch of some variants, each source's once; a jump table has the entries of all of them."""
    found: dict[Place, GuestBranch] = {}
    for variant in variants:
        image = image_of(variant)
        for branch in branches_of(image, decode(image)):
            known = found.setdefault(branch.place, branch)
            if known is not branch:
                found[branch.place] = replace(known, directions={**known.directions, **branch.directions})
    return [found[place] for place in sorted(found)]
