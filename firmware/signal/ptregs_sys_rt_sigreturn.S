// asmlinkage long ptregs_sys_rt_sigreturn(void)
// Source: Linux 4.8, arch/x86/entry/entry_64.S, ptregs_\func and stub_ptregs_64
// Entry: as a system call's handler
// Exit:  to sys_rt_sigreturn; from the fast path by way of the slow one, which saves and restores all registers
// Clobbers: rax
// Lock: none held
//@ state kernel
ptregs_sys_rt_sigreturn:
    lea rax, [rip + entry_SYSCALL_64_after_fastpath_call]
    cmp qword ptr [rsp], rax
    jne sys_rt_sigreturn                                    // called from C
    cli
    pop rax
    jmp entry_SYSCALL64_slow_path
