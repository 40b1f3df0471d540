"""Branches by source line, what is recorded of them on plain cores, and records that merge."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench.firmware.ipc_machine import DIRECT_MAP, IpcMachine
from bench.guest_coverage import Recorder
from emu.errors import UserError
from emu.isa import decode
from emu.observe.branch_record import BranchRecord
from emu.observe.branches import Place, branches_of, guest_file, guest_path, outcomes_of, source_lines
from emu.run.wiring import image_of

LOCK = "firmware/lock/_raw_spin_lock.S"


def line_of(file: str, statement: str) -> int:
    return next(number for number, line in enumerate(source_lines(file), 1) if line.split("//")[0].strip() == statement)


def test_every_jump_of_a_source_is_a_branch_of_it() -> None:
    image = image_of("baseline")
    branches = branches_of(image, decode(image))
    file = "kernel_snippets/common/do_msgsnd.S"
    written = [(at, line.split("//")[0].strip()) for at, line in enumerate(source_lines(file), 1) if line.split()[:1]]
    jumps = [(at, line) for at, line in written if line.startswith("j") and (not line.startswith("jmp") or "*8" in line)]
    found = [branch for branch in branches if branch.place.file == file and branch.source[0] == "j"]  # not of inline routines
    assert [(branch.place.line, branch.source) for branch in found] == jumps
    table = next(branch for branch in found if branch.source.startswith("jmp"))
    assert {"to do_msgsnd_equal", "to do_msgsnd_notequal"} <= table.directions.keys()
    assert all(branch.directions.keys() == {"taken", "not taken"} for branch in found if branch is not table)
    assert len({branch.place for branch in branches}) == len(branches)


def test_places_read_back() -> None:
    for place in (Place("firmware/a/b.S", 12), Place("kernel_snippets/x/y.S", 1, 3)):
        assert Place.parse(str(place)) == place
    assert guest_file(str(guest_path(LOCK))) == LOCK
    assert guest_file("/somewhere/else.S") is None


def test_a_plain_core_is_watched(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "b.json")
    machine = IpcMachine(cores=2)
    for core in machine.cores:
        recorder.watch(core.uc, machine.image)
    place = Place(LOCK, line_of(LOCK, "jne .Lcontended"))
    lock = DIRECT_MAP + machine.ram.allocate(64)
    machine.cores[0].call("_raw_spin_lock", lock)
    recorder.write()
    assert BranchRecord.read(recorder.path).gone == {place: {"not taken"}}
    machine.cores[1].start("_raw_spin_lock", lock)
    for _ in range(20):  # step by step, and it waits
        machine.cores[1].step()
    recorder.write()
    assert BranchRecord.read(recorder.path).gone[place] == {"taken", "not taken"}


def test_outcomes_have_their_lines() -> None:
    image = image_of("wakeq")
    branch = next(branch for branch in branches_of(image, decode(image)) if branch.routine == "do_msgrcv")
    machine_outcomes = np.zeros(len(image.text.data) + len(image.user_text.data), np.uint8)
    assert outcomes_of(image, decode(image), machine_outcomes) == {}
    address, bit = branch.directions["taken"]
    machine_outcomes[address - image.text.virtual] = bit
    assert outcomes_of(image, decode(image), machine_outcomes) == {branch.place: {"taken"}}


def test_records_merge_and_forget_sources_that_changed(tmp_path: Path) -> None:
    path, place, other = tmp_path / "deep" / "b.json", Place(LOCK, 14), Place("firmware/slab/kfree.S", 20, 1)
    BranchRecord({place: {"taken"}, other: {"taken"}}).merge_into(path)
    BranchRecord({place: {"not taken"}}).merge_into(path)
    record = BranchRecord.read(path)
    assert record.gone == {place: {"taken", "not taken"}, other: {"taken"}}
    assert not record.outdated
    plain = json.loads(path.read_text())
    plain["files"][LOCK]["sha256"] = "0"
    path.write_text(json.dumps(plain))
    record = BranchRecord.read(path)
    assert record.gone == {other: {"taken"}}
    assert record.outdated == {LOCK}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "should be a record of branches, but it is not JSON"),
        ("[]", "is not a record of branches"),
        ('{"format": 1, "files": {"firmware/x.S": {}}}', "is not a record of branches"),
        ('{"format": 9}', "format must be 1, not 9"),
    ],
)
def test_what_is_no_record_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "b.json"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        BranchRecord.read(path)
    with pytest.raises(UserError, match="cannot be read"):
        BranchRecord.read(tmp_path / "none.json")
