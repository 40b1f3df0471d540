"""The state of all devices as plain values, and back: whatever a device keeps in its attributes, but for what it is wired to."""

from collections import deque
from typing import Any

from emu.boot.board import Board
from emu.boot.devices.pic import Chip
from emu.boot.devices.pit import Counter

Plain = dict[str, Any]
DEVICES = ("pic", "io_apic", "pit", "uart", "cmos", "acpi_pm", "pci")
PARTS = (Chip, Counter)  # devices within devices


def get_state(board: Board) -> Plain:
    """Of every device."""
    state = {name: _plain(vars(getattr(board, name))) for name in DEVICES}
    return {**state, "apics": [_plain(vars(each)) for each in board.apics], "pic_wants": board.pic_wants}


def put_state(board: Board, state: Plain) -> None:
    """Make all devices what the state says."""
    for name in DEVICES:
        _fill(getattr(board, name), state[name])
    for apic, each in zip(board.apics, state["apics"], strict=True):
        _fill(apic, each)
    board.pic_wants = state["pic_wants"]


def _plain(attributes: Plain) -> Plain:
    """Attributes that are state: an underscore begins the name of what a device is wired to."""
    return {name: _value(each) for name, each in attributes.items() if not name.startswith("_")}


def _value(each: Any) -> Any:
    if isinstance(each, PARTS):
        return _plain(vars(each))
    if isinstance(each, list):
        return [_value(one) for one in each]
    if isinstance(each, bytearray | deque):
        return list(each)
    if isinstance(each, dict):  # registers by number, which JSON would make text
        return sorted(each.items())
    return each


def _fill(device: Any, state: Plain) -> None:
    for name, value in state.items():
        now = getattr(device, name)
        if isinstance(now, PARTS):
            _fill(now, value)
        elif isinstance(now, list) and now and isinstance(now[0], PARTS):
            for part, each in zip(now, value, strict=True):
                _fill(part, each)
        elif isinstance(now, bytearray | deque):
            setattr(device, name, type(now)(value))
        elif isinstance(now, dict | list):
            setattr(device, name, type(now)(value))  # the state stays what it is, whatever the device does with its own
        else:
            setattr(device, name, value)
