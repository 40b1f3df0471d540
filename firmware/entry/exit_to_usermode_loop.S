// void exit_to_usermode_loop(struct pt_regs *regs, u32 cached_flags)
// Source: Linux 4.8, arch/x86/entry/common.c, exit_to_usermode_loop
// Entry: rdi the frame, esi thread_info->flags with work in them, interrupts off
// Exit:  interrupts off, no work left
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
exit_to_usermode_loop:
    push rbp
    push rbx
    mov rbx, rdi                                            // regs
.Lwork:
    sti                                                     // the work may sleep
    mov ebp, esi
    test esi, 0x1802                                        // notify, uprobe
    jnz .Lother_work
    test esi, _TIF_NEED_RESCHED
    jz .Lrescheduled
    call schedule
.Lrescheduled:
    test ebp, _TIF_SIGPENDING
    jz .Lno_signal
    mov rdi, rbx
    call do_signal
.Lno_signal:
    cli
    mov esi, dword ptr [rbx + TI_flags + PTREGS__size - THREAD__size]
    test esi, 0x180e
    jnz .Lwork
    pop rbx
    pop rbp
    ret
.Lother_work:
    //@ event unsupported
    ud2
