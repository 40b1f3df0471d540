// asmlinkage void ret_from_intr(void)
// Source: Linux 4.8, arch/x86/entry/entry_64.S, ret_from_intr, retint_user, retint_kernel
// Entry: rsp the word that holds the frame's address
// Exit:  to the interrupted code
// Clobbers: none for the interrupted code
// Lock: as at the interrupted place
//@ state interrupt
ret_from_intr:
    cli
    dec dword ptr gs:[PERCPU_irq_count]
    pop rsp                                                 // back to the interrupted stack
    test byte ptr [rsp + PTREGS_cs], 0x3
    retint_kernel
    mov rdi, rsp
    call prepare_exit_to_usermode
    swapgs
    jmp restore_regs_and_iret
