// void default_idle_call(void)
// Source: Linux 4.8, kernel/sched/idle.c, default_idle_call (7 instructions)
// Entry: interrupts off
// Exit:  an interrupt came, or a reschedule was due already; interrupts on
// Clobbers: caller-saved registers
// Lock: none held
//@ state idle
default_idle_call:
    mov rax, qword ptr gs:[PERCPU_kernel_stack]
    lock and byte ptr [rax + TI_flags - THREAD__size + 0x2], 0xdf // POLLING_NRFLAG off: from here only an interrupt wakes
    test byte ptr [rax + TI_flags - THREAD__size], 0x8      // NEED_RESCHED
    jnz .Ldue
    jmp arch_cpu_idle
.Ldue:
    sti
    ret
