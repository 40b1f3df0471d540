"""Two 8259A interrupt controllers, the second behind input 2 of the first.

Source: Intel 8259A data sheet (231468-003). Fully nested mode, automatic EOI, special mask, rotation by command.
"""

from emu.boot.devices.clock import Raise

INPUTS = 8
CASCADE = 2
ICW1, ICW4_WANTED, SINGLE, LEVEL = 0x10, 1, 2, 8
OCW3 = 8


class Chip:
    """One 8259A."""

    def __init__(self) -> None:
        """As after power-on: masked until it is initialised."""
        self.requests = self.in_service = self.lines = 0
        self.mask = 0xFF
        self.base = 0
        self.expects = 0  # the ICW that comes next
        self.icw4_wanted = self.automatic_end = self.reads_service = self.special_mask = self.level = False
        self.lowest = 7  # the input with the lowest priority
        self.elcr = 0  # inputs that are level triggered: the edge/level control register of the EISA chip set

    def set_line(self, line: int, active: bool) -> None:
        """An input rises or falls."""
        bit = 1 << line
        if active and (not self.lines & bit or (self.elcr | (0xFF if self.level else 0)) & bit):
            self.requests |= bit
        if not active:
            self.requests &= ~bit  # the 8259A forgets a request that does not last
        self.lines = self.lines | bit if active else self.lines & ~bit

    def best(self) -> int | None:
        """The request that would be served now."""
        order = [(self.lowest + 1 + each) % INPUTS for each in range(INPUTS)]
        wanted = self.requests & ~self.mask
        for line in order:
            if self.in_service >> line & 1 and not (self.special_mask and self.mask >> line & 1):
                return None
            if wanted >> line & 1:
                return line
        return None

    def acknowledge(self) -> int:
        """INTA: the input that is served; 7 for a request that has gone."""
        line = self.best()
        if line is None:
            return 7
        if not (self.elcr | (0xFF if self.level else 0)) >> line & 1:
            self.requests &= ~(1 << line)
        if self.automatic_end:
            return line
        self.in_service |= 1 << line
        return line

    def read(self, register: int) -> int:
        """Register 0: requests or what is in service; 1: the mask."""
        if register:
            return self.mask
        return self.in_service if self.reads_service else self.requests

    def write(self, register: int, value: int) -> None:
        """Command and initialisation words."""
        if register == 0 and value & ICW1:
            self.mask = self.requests = self.in_service = 0
            self.lowest, self.expects = 7, 2
            self.icw4_wanted, self.level = bool(value & ICW4_WANTED), bool(value & LEVEL)
            self.automatic_end = self.reads_service = self.special_mask = False
        elif register == 0 and value & OCW3:
            if value & 2:
                self.reads_service = bool(value & 1)
            if value & 0x40:
                self.special_mask = bool(value & 0x20)
        elif register == 0:
            self._end(value)
        elif self.expects == 2:
            self.base = value & 0xF8
            self.expects = 3
        elif self.expects == 3:  # who the cascade is: as it is wired
            self.expects = 4 if self.icw4_wanted else 0
        elif self.expects == 4:
            self.automatic_end = bool(value & 2)
            self.expects = 0
        else:
            self.mask = value

    def _end(self, value: int) -> None:
        """OCW2: end of interrupt, specific or not, and rotation."""
        if value & 0x20:
            line = value & 7 if value & 0x40 else self._highest_in_service()
            if line is None:
                return
            self.in_service &= ~(1 << line)
            if value & 0x80:
                self.lowest = line
        elif value & 0xC0 == 0xC0:
            self.lowest = value & 7

    def _highest_in_service(self) -> int | None:
        order = ((self.lowest + 1 + each) % INPUTS for each in range(INPUTS))
        return next((line for line in order if self.in_service >> line & 1), None)


class Pic:
    """The pair: lines 0 to 15 in, one interrupt out."""

    def __init__(self, interrupt: Raise) -> None:
        """Both masked."""
        self._interrupt = interrupt
        self.first, self.second = Chip(), Chip()

    def set_line(self, line: int, active: bool) -> None:
        """An input rises or falls."""
        (self.first if line < INPUTS else self.second).set_line(line % INPUTS, active)
        self.update()

    def update(self) -> None:
        """Pass on what the second wants, and then what the first wants."""
        self.first.set_line(CASCADE, self.second.best() is not None)
        self._interrupt(self.first.best() is not None)

    def acknowledge(self) -> int:
        """The vector of the interrupt that is taken."""
        line = self.first.acknowledge()
        vector = self.first.base + line
        if line == CASCADE:
            vector = self.second.base + self.second.acknowledge()
        self.update()
        return vector

    def read(self, chip: int, register: int) -> int:
        """A port of one of the two."""
        return (self.second if chip else self.first).read(register)

    def write(self, chip: int, register: int, value: int) -> None:
        """A port of one of the two."""
        (self.second if chip else self.first).write(register, value)
        self.update()

    def read_elcr(self, chip: int) -> int:
        """Edge or level, by input."""
        return (self.second if chip else self.first).elcr

    def write_elcr(self, chip: int, value: int) -> None:
        """Edge or level, by input."""
        (self.second if chip else self.first).elcr = value
