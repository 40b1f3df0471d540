// asmlinkage void page_fault(void)
// Source: Linux 4.8, arch/x86/entry/entry_64.S, idtentry page_fault with error_entry and error_exit
// Entry: by exception 14; rsp the error code, then the hardware's five words; interrupts off, GS base as interrupted
// Exit:  to the interrupted code, or to where its fixup is
// Clobbers: none for the interrupted code but what the fixup expects
// Lock: as at the interrupted place
//@ state interrupt
page_fault:
    cld
    save_regs                                               // the error code lies where orig_ax belongs
    xor ebx, ebx
    test byte ptr [rsp + PTREGS_cs], 0x3
    jz .Lfrom_kernel
    swapgs
    jmp .Lentered
.Lfrom_kernel:
    inc ebx                                                 // do not swap GS on the way out
.Lentered:
    mov rdi, rsp                                            // regs
    mov rsi, qword ptr [rsp + PTREGS_orig_ax]               // error_code
    mov qword ptr [rsp + PTREGS_orig_ax], -0x1              // not a system call
    call do_page_fault
    mov eax, ebx
    cli
    test eax, eax
    jnz restore_regs_and_iret
    mov rdi, rsp
    call prepare_exit_to_usermode
    swapgs
    jmp restore_regs_and_iret
