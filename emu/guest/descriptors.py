"""Descriptor tables as the boot code finds them: GDT and TSS per core, one IDT for all. Selectors are Linux's."""

from emu.guest.ram import Ram

KERNEL_CS = 0x10
USER_DS, USER_CS = 0x2B, 0x33
TSS_SELECTOR = 0x40
PAGE_FAULT_VECTOR = 14
RESCHEDULE_VECTOR = 0xFD
LOCAL_TIMER_VECTOR = 0xEF
VECTORS = 256

_SEGMENTS = {  # Linux 4.8, arch/x86/kernel/cpu/common.c, gdt_page; accessed bits set: loading one writes nothing
    0x08: 0x00CF9B000000FFFF,  # kernel, 32-bit code
    0x10: 0x00AF9B000000FFFF,  # kernel, 64-bit code
    0x18: 0x00CF93000000FFFF,  # kernel data
    0x20: 0x00CFFB000000FFFF,  # user, 32-bit code
    0x28: 0x00CFF3000000FFFF,  # user data
    0x30: 0x00AFFB000000FFFF,  # user, 64-bit code
}
_TSS_AVAILABLE, _INTERRUPT_GATE = 0x89, 0x8E


def write_gdt(ram: Ram, gdt: int, tss: int, tss_bytes: int) -> None:
    """Write one core's descriptors; `tss` is the virtual address of its task state segment."""
    for selector, descriptor in _SEGMENTS.items():
        ram.put(gdt + selector, descriptor)
    limit = tss_bytes - 1
    low = limit & 0xFFFF | (tss & 0xFFFFFF) << 16 | _TSS_AVAILABLE << 40 | (limit >> 16) << 48 | (tss >> 24 & 0xFF) << 56
    ram.put(gdt + TSS_SELECTOR, low)
    ram.put(gdt + TSS_SELECTOR + 8, tss >> 32)


def write_gate(ram: Ram, idt: int, vector: int, handler: int) -> None:
    """Write an interrupt gate: ring 0, interrupts off, on the current kernel stack."""
    low = handler & 0xFFFF | KERNEL_CS << 16 | _INTERRUPT_GATE << 40 | (handler >> 16 & 0xFFFF) << 48
    ram.put(idt + 16 * vector, low)
    ram.put(idt + 16 * vector + 8, handler >> 32)
