"""Model-specific registers that Unicorn does not keep: what they read as, and which may be written. All others raise #GP.

Sources: Intel SDM volume 4; AMD BKDG for family 15h models 30h-3fh (49125).
"""

APIC_BASE, FEATURE_CONTROL, MICROCODE, PLATFORM_INFO, ARCH_CAPABILITIES = 0x1B, 0x3A, 0x8B, 0xCE, 0x10A
TSC, SMI_COUNT, MISC_FEATURES, MISC_ENABLE, DEBUG_CONTROL = 0x10, 0x34, 0x140, 0x1A0, 0x1D9
SPEC_CTRL, PRED_CMD = 0x48, 0x49
HWCR, PATCH_LEVEL, SYSCFG, LS_CFG, DE_CFG, TOM2, BU_CFG2, IC_CFG, CPUID_FEATURES = (
    0xC0010015, 0x8B, 0xC0010010, 0xC0011020, 0xC0011029, 0xC001001D, 0xC001102A, 0xC0011021, 0xC0011004,
)  # fmt: skip
BOOTSTRAP, APIC_ENABLED, APIC_AT = 1 << 8, 1 << 11, 0xFEE00000
# Not vulnerable to: Meltdown, SSB, MDS, TAA, the page size change erratum, stale MMIO data (SBDR, FBSDP, PSDP), GDS, RFDS.
NO_FAULTS = sum(1 << bit for bit in (0, 3, 4, 5, 6, 8, 13, 14, 15, 26, 27))
READ_ONLY = {PLATFORM_INFO: 0, ARCH_CAPABILITIES: NO_FAULTS, SMI_COUNT: 0, MICROCODE: 0}
INITIAL = {FEATURE_CONTROL: 1, MISC_FEATURES: 0, MISC_ENABLE: 0, DEBUG_CONTROL: 0, HWCR: 0, SYSCFG: 0, LS_CFG: 0, DE_CFG: 2,
           TOM2: 0, BU_CFG2: 0, IC_CFG: 0, CPUID_FEATURES: 0}  # fmt: skip


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
