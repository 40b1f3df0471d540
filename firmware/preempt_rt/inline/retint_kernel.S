// static inline void retint_kernel(void)
// Source: Linux 4.8, arch/x86/entry/entry_64.S, retint_kernel with CONFIG_PREEMPT
// Entry: rsp the complete frame, interrupts off; zero flag set: the kernel was interrupted
// Exit:  goes on behind itself if it was the user
// Clobbers: flags, if it was the user
// Lock: as at the interrupted place
//@ inline retint_kernel
    jnz .Luser
    test dword ptr [rsp + PTREGS_flags], X86_EFLAGS_IF      // were interrupts on?
    jz restore_regs_and_iret
.Lagain:
    cmp dword ptr gs:[PERCPU_preempt_count], 0x0            // zero: enabled and, the top bit clear, a reschedule is due
    jne restore_regs_and_iret
    call preempt_schedule_irq
    jmp .Lagain
.Luser:
