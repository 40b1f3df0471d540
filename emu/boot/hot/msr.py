"""Which model-specific registers Unicorn keeps as a processor does; all others come to Python (`emu.boot.msrs`)."""

from emu.native import njit

EFER, STAR, LSTAR, CSTAR, FMASK = range(0xC0000080, 0xC0000085)
FS_BASE, GS_BASE, KERNEL_GS_BASE, TSC_AUX = range(0xC0000100, 0xC0000104)
SYSENTER_CS, SYSENTER_ESP, SYSENTER_EIP = range(0x174, 0x177)
PAT = 0x277


@njit
def is_native(number):  # type: ignore[no-untyped-def]
    """Whether Unicorn's own RDMSR and WRMSR are right for a register."""
    return (
        (number >= EFER and number <= FMASK)
        or (number >= FS_BASE and number <= TSC_AUX)
        or (number >= SYSENTER_CS and number <= SYSENTER_EIP)
        or number == PAT
    )
