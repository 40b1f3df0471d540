// asmlinkage void reschedule_interrupt(void)
// Source: Linux 4.8, arch/x86/entry/entry_64.S, apicinterrupt3 RESCHEDULE_VECTOR (26 instructions)
// Entry: by interrupt 0xfd; rsp the hardware's five words, interrupts off, GS base as interrupted
// Exit:  to ret_from_intr
// Clobbers: none for the interrupted code: ret_from_intr restores all
// Lock: as at the interrupted place
//@ state interrupt
reschedule_interrupt:
    push -0xfe                                              // orig_ax: ~vector
    cld
    sub rsp, PTREGS_orig_ax
    mov qword ptr [rsp + PTREGS_r11], r11
    mov qword ptr [rsp + PTREGS_r10], r10
    mov qword ptr [rsp + PTREGS_r9], r9
    mov qword ptr [rsp + PTREGS_r8], r8
    mov qword ptr [rsp + PTREGS_ax], rax
    mov qword ptr [rsp + PTREGS_cx], rcx
    mov qword ptr [rsp + PTREGS_dx], rdx
    mov qword ptr [rsp + PTREGS_si], rsi
    mov qword ptr [rsp + PTREGS_di], rdi
    mov qword ptr [rsp + PTREGS_r15], r15
    mov qword ptr [rsp + PTREGS_r14], r14
    mov qword ptr [rsp + PTREGS_r13], r13
    mov qword ptr [rsp + PTREGS_r12], r12
    mov qword ptr [rsp + PTREGS_bp], rbp
    mov qword ptr [rsp + PTREGS_bx], rbx
    test byte ptr [rsp + PTREGS_cs], 0x3
    jz .Lfrom_kernel
    swapgs
.Lfrom_kernel:
    mov rdi, rsp                                            // regs
    inc dword ptr gs:[PERCPU_irq_count]                     // -1 outside interrupts: zero now means the first level
    cmovz rsp, qword ptr gs:[PERCPU_irq_stack_ptr]
    push rdi                                                // ret_from_intr finds the frame here
    call smp_reschedule_interrupt
    jmp ret_from_intr
