// .macro apicinterrupt3 num sym do_sym
// Source: Linux 4.8, arch/x86/entry/entry_64.S, apicinterrupt3 with the macro interrupt
// Entry: rsp the hardware's five words, interrupts off, GS base as interrupted
// Exit:  to ret_from_intr
// Clobbers: none for the interrupted code: ret_from_intr restores all
// Lock: as at the interrupted place
//@ inline apicinterrupt vector handler
    push ~\vector                                           // orig_ax: ~vector
    cld
    save_regs
    test byte ptr [rsp + PTREGS_cs], 0x3
    jz .Lfrom_kernel
    swapgs
.Lfrom_kernel:
    mov rdi, rsp                                            // regs
    inc dword ptr gs:[PERCPU_irq_count]                     // -1 outside interrupts: zero now means the first level
    cmovz rsp, qword ptr gs:[PERCPU_irq_stack_ptr]
    push rdi                                                // ret_from_intr finds the frame here
    call \handler
    jmp ret_from_intr
