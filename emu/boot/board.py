"""The devices, wired as on a PC: ports, interrupt lines, timers; and what of it cores must be told."""

from collections.abc import Callable

from emu.boot.devices import acpi_pm, io_apic, keyboard_controller, pci
from emu.boot.devices.acpi_pm import AcpiPm
from emu.boot.devices.clock import NEVER
from emu.boot.devices.cmos import Cmos
from emu.boot.devices.interrupt_bus import InterruptBus
from emu.boot.devices.interrupt_message import Message, Shorthand
from emu.boot.devices.io_apic import IoApic
from emu.boot.devices.keyboard_controller import KeyboardController
from emu.boot.devices.local_apic import LocalApic
from emu.boot.devices.pci import EmptyPci
from emu.boot.devices.pic import Pic
from emu.boot.devices.pit import Pit
from emu.boot.devices.ports import Ports
from emu.boot.devices.uart import Uart
from emu.boot.loader.mp_table import LOCAL_APIC_AT

UART_AT, UART_LINE = 0x3F8, 4
TIMER_LINE, TIMER_INPUT = 0, 2
DUMMIES = (0x80, 0x87, 0xED)  # written to, to pass time
APIC_PAGE = 0x1000
APIC_REGISTER = 0xFF0


class Board:
    """All devices of the machine. `now` reads the clock; the others are what devices do to the machine."""

    def __init__(
        self,
        cores: int,
        now: Callable[[], int],
        send: Callable[[int], None],
        end: Callable[[str], None],
        initialise: Callable[[int], None],
        start: Callable[[int, int], None],
    ) -> None:
        """As after power-on and the firmware."""
        self.pic_wants = False
        self.pic = Pic(self._set_pic)
        self.bus = InterruptBus(initialise, start)
        self.io_apic = IoApic(lambda message: self.bus.send(None, message))
        self.apics = [LocalApic(core, now, self._command, self.io_apic.end) for core in range(cores)]
        self.bus.apics = self.apics
        self.pit = Pit(now, lambda active: self.set_line(TIMER_LINE, active))
        self.uart = Uart(send, lambda active: self.set_line(UART_LINE, active))
        self.cmos = Cmos(now)
        self.acpi_pm = AcpiPm(now, lambda: end("power off"))
        self.pci = EmptyPci(lambda: end("reset"))
        self.keyboard = KeyboardController(lambda: end("reset"))
        self.ports = self._wire()

    def _wire(self) -> Ports:
        ports = Ports()
        ports.claim(UART_AT, 8, self.uart.read, self.uart.write)
        for chip, first in enumerate((0x20, 0xA0)):
            ports.claim(
                first, 2, lambda register, chip=chip: self.pic.read(chip, register),  # type: ignore[misc]
                lambda register, value, chip=chip: self.pic.write(chip, register, value),  # type: ignore[misc]
            )  # fmt: skip
        ports.claim(0x4D0, 2, self.pic.read_elcr, self.pic.write_elcr)
        ports.claim(0x40, 4, self.pit.read, self.pit.write)
        ports.claim(0x61, 1, self.pit.read_gate, self.pit.write_gate)
        ports.claim(0x70, 2, self.cmos.read, self.cmos.write)
        ports.claim(acpi_pm.PORT, 12, self.acpi_pm.read, self.acpi_pm.write)
        ports.claim(keyboard_controller.DATA, 1, self.keyboard.read, self.keyboard.write_data)
        ports.claim(keyboard_controller.COMMAND, 1, self.keyboard.read, self.keyboard.write_command)
        ports.claim_wide(pci.ADDRESS, 4, self.pci.read_address, self.pci.write_address)
        ports.claim(pci.DATA, 4, self.pci.read_data, self.pci.write_data)
        ports.claim(pci.RESET, 1, self.pci.read_reset, self.pci.write_reset)
        for port in DUMMIES:
            ports.claim(port, 1, lambda _: 0xFF, lambda _, value: None)
        return ports

    def set_line(self, line: int, active: bool) -> None:
        """An ISA interrupt line: it goes to both controllers."""
        self.pic.set_line(line, active)
        self.io_apic.set_line(TIMER_INPUT if line == TIMER_LINE else line, active)

    def read_memory(self, core: int, address: int, size: int) -> int:
        """A load from a device in memory."""
        if LOCAL_APIC_AT <= address < LOCAL_APIC_AT + APIC_PAGE:
            return self.apics[core].read(address & APIC_REGISTER) >> 8 * (address & 3)
        if io_apic.BASE <= address < io_apic.BASE + io_apic.BYTES:
            return self.io_apic.read(address & APIC_REGISTER)
        return (1 << 8 * size) - 1

    def write_memory(self, core: int, address: int, size: int, value: int) -> None:
        """A store to a device in memory."""
        if LOCAL_APIC_AT <= address < LOCAL_APIC_AT + APIC_PAGE:
            self.apics[core].write(address & APIC_REGISTER, value & 0xFFFFFFFF)
        elif io_apic.BASE <= address < io_apic.BASE + io_apic.BYTES:
            self.io_apic.write(address & APIC_REGISTER, value & 0xFFFFFFFF)

    def deadline(self) -> int:
        """When a timer is due next."""
        return min(self.pit.deadline, *(each.deadline for each in self.apics), NEVER)

    def tick(self, now: int) -> None:
        """Everything that is due."""
        if self.pit.deadline <= now:
            self.pit.tick()
        for each in self.apics:
            if each.deadline <= now:
                each.tick()

    def wants(self, core: int) -> bool:
        """Whether an interrupt waits for a core."""
        apic = self.apics[core]
        return apic.pending() is not None or (self.pic_wants and apic.takes_extint)

    def acknowledge(self, core: int) -> int:
        """The vector that a core takes."""
        apic = self.apics[core]
        return apic.acknowledge() if apic.pending() is not None else self.pic.acknowledge()

    def _set_pic(self, active: bool) -> None:
        self.pic_wants = active

    def _command(self, origin: LocalApic, message: Message, shorthand: Shorthand) -> None:
        self.bus.send(origin, message, shorthand)
