"""Model-specific registers that Unicorn does not keep: what they read as, and which may be written. All others raise #GP.

Sources: Intel SDM volume 4; AMD BKDG for family 15h models 30h-3fh (49125).
"""

APIC_BASE, TSC, SMI_COUNT, FEATURE_CONTROL, MICROCODE, PLATFORM_INFO = 0x1B, 0x10, 0x34, 0x3A, 0x8B, 0xCE
ARCH_CAPABILITIES, MISC_FEATURES, MISC_ENABLE, DEBUG_CONTROL = 0x10A, 0x140, 0x1A0, 0x1D9
CPUID_FEATURES, SYSCFG, HWCR, TOP_MEM2, NB_CFG = 0xC0011004, 0xC0010010, 0xC0010015, 0xC001001D, 0xC001001F
LS_CFG, IC_CFG, DE_CFG, BU_CFG2 = 0xC0011020, 0xC0011021, 0xC0011029, 0xC001102A
BOOTSTRAP, APIC_ENABLED, APIC_AT = 1 << 8, 1 << 11, 0xFEE00000
# Not vulnerable to: Meltdown, SSB, MDS, TAA, the page size change erratum, stale MMIO data (SBDR, FBSDP, PSDP), GDS, RFDS.
NO_FAULTS = sum(1 << bit for bit in (0, 3, 4, 5, 6, 8, 13, 14, 15, 26, 27))
READ_ONLY = {PLATFORM_INFO: 0, ARCH_CAPABILITIES: NO_FAULTS, SMI_COUNT: 0, MICROCODE: 0}
SERIALISING_LFENCE = 2  # of DE_CFG
LOCKED = 1  # FEATURE_CONTROL: no VMX
ZERO = (MISC_FEATURES, MISC_ENABLE, DEBUG_CONTROL, CPUID_FEATURES, SYSCFG, HWCR, TOP_MEM2, NB_CFG, LS_CFG, IC_CFG, BU_CFG2)
INITIAL = {**dict.fromkeys(ZERO, 0), FEATURE_CONTROL: LOCKED, DE_CFG: SERIALISING_LFENCE}


class Msrs:
    """The registers of one core."""

    def __init__(self, core: int) -> None:
        """As after a reset."""
        self.values = {APIC_BASE: APIC_AT | APIC_ENABLED | (0 if core else BOOTSTRAP), **INITIAL}

    def read(self, number: int, now: int) -> int | None:
        """Its value; none if there is no such register."""
        if number == TSC:
            return now
        return self.values.get(number, READ_ONLY.get(number))

    def write(self, number: int, value: int) -> bool:
        """Whether it could be written."""
        if number == MICROCODE:
            return True  # Intel's way to ask for the microcode revision begins with a write of 0
        if number not in self.values:
            return False
        self.values[number] = value
        return True
