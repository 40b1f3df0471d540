// asmlinkage void ret_from_fork(void)
// Source: Linux 4.8, arch/x86/entry/entry_64.S, ret_from_fork
// Entry: rax the task switched from; rsp the complete frame of the new task; first run of that task
// Exit:  to user mode, registers as the frame says
// Clobbers: as the frame says
// Lock: this core's rq->lock held on entry; schedule_tail releases it, interrupts then are on
//@ state scheduler
ret_from_fork:
    mov rdi, rax
    call schedule_tail
    mov rdi, rsp
    call syscall_return_slowpath
    swapgs
    jmp restore_regs_and_iret
