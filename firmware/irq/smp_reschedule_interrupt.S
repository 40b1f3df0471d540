// void smp_reschedule_interrupt(struct pt_regs *regs)
// Source: Linux 4.8, arch/x86/kernel/smp.c, smp_reschedule_interrupt (6 instructions)
// Entry: rdi regs, interrupts off, on the interrupt stack
// Exit:  the interrupt is acknowledged and scheduler_ipi has run
// Clobbers: caller-saved registers
// Lock: none taken
//@ state interrupt
smp_reschedule_interrupt:
    mov rax, qword ptr [apic]
    xor esi, esi                                            // APIC_EOI_ACK
    mov edi, XAPIC_eoi
    call qword ptr [rax + APIC_eoi_write]
    inc dword ptr gs:[PERCPU_irq_stat_resched]
    jmp scheduler_ipi
