"""Interrupt vectors of x86 Linux in words.

Source: arch/x86/include/asm/irq_vectors.h and trapnr.h of Linux 6.1.
"""

from collections.abc import Mapping

EXCEPTIONS_END = 0x20
ISA_FIRST, ISA_END = 0x30, 0x40  # lines 0 to 15 of the two 8259s
NAMES = {
    1: "debug", 2: "nmi", 3: "breakpoint", 6: "invalid_opcode", 7: "device_not_available", 8: "double_fault",
    13: "general_protection", 14: "page_fault", 17: "alignment_check",
    0x20: "irq_move_cleanup", 0x80: "int80",
    0xEC: "local_timer", 0xED: "hyperv_stimer0", 0xEE: "hyperv_reenlightenment", 0xEF: "managed_irq_shutdown",
    0xF0: "posted_interrupt_nested", 0xF1: "posted_interrupt_wakeup", 0xF2: "posted_interrupt", 0xF3: "hypervisor_callback",
    0xF4: "deferred_error", 0xF6: "irq_work", 0xF7: "platform_ipi", 0xF8: "reboot", 0xF9: "threshold", 0xFA: "thermal",
    0xFB: "call_function_single", 0xFC: "call_function", 0xFD: "reschedule", 0xFE: "apic_error", 0xFF: "spurious",
}  # fmt: skip


def vector_name(vector: int) -> str:
    """What a vector is for; its number where a device was given it."""
    if vector in NAMES:
        return NAMES[vector]
    if ISA_FIRST <= vector < ISA_END:
        return f"isa_irq_{vector - ISA_FIRST}"
    return f"{'exception' if vector < EXCEPTIONS_END else 'vector'}_{vector:#04x}"


def by_kind(counts: Mapping[int, int]) -> dict[str, int]:
    """Counts by vector as counts by word: the most frequent first, none of what did not occur."""
    return {vector_name(vector): count for vector, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])) if count}
