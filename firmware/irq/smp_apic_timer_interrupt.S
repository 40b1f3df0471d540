// void smp_apic_timer_interrupt(struct pt_regs *regs)
// Source: Linux 4.8, arch/x86/kernel/apic/apic.c, smp_apic_timer_interrupt
// Entry: rdi regs, interrupts off, on the interrupt stack
// Exit:  the interrupt is acknowledged, the tick accounted, the timer armed again
// Clobbers: caller-saved registers
// Lock: none held
//@ state interrupt
smp_apic_timer_interrupt:
    push rbx
    mov rbx, qword ptr gs:[PERCPU_irq_regs]
    mov qword ptr gs:[PERCPU_irq_regs], rdi
    call irq_enter
    mov rax, qword ptr [apic]
    xor esi, esi                                            // APIC_EOI_ACK
    mov edi, XAPIC_eoi
    call qword ptr [rax + APIC_eoi_write]
    inc dword ptr gs:[PERCPU_irq_stat_apic_timer]
    call tick_sched_timer
    call irq_exit
    mov qword ptr gs:[PERCPU_irq_regs], rbx
    pop rbx
    ret
