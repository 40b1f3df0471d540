"""The state of all devices: it can be put back as often as one wants, whatever the devices do in between."""

from emu.boot.board import Board
from emu.boot.device_state import get_state, put_state


def made() -> Board:
    def nothing(*arguments: object) -> None:
        pass

    return Board(2, lambda: 0, nothing, nothing, nothing, nothing)


def change(value: object) -> object:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return [change(each) for each in value]
    return value


def test_a_state_that_was_put_back_is_not_the_devices_own() -> None:
    board = made()
    state = get_state(board)
    for _ in range(2):
        put_state(board, state)
        for device in (board.io_apic, board.pic, board.pit, board.uart, board.cmos, board.acpi_pm, board.pci, *board.apics):
            for name, value in vars(device).items():
                if not name.startswith("_") and isinstance(value, list):
                    value[:] = [change(each) for each in value]
        assert get_state(board) != get_state(made())
    put_state(board, state)
    assert get_state(board) == get_state(made())
