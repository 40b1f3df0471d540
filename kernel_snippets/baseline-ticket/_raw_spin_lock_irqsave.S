// unsigned long _raw_spin_lock_irqsave(raw_spinlock_t *lock)
// Source: Linux 4.1, kernel/locking/spinlock.c, _raw_spin_lock_irqsave; arch/x86/include/asm/spinlock.h, arch_spin_lock inlined
// Entry: rdi lock
// Exit:  rax the caller's flags, interrupts off
// Clobbers: rax rcx rdx
// Lock: taken
//@ state kernel
_raw_spin_lock_irqsave:
    pushfq
    pop rax                                                 // flags: before the interrupts go off
    cli
    preempt_disable
    mov ecx, TICKET_TAIL_INC
    lock xadd dword ptr [rdi], ecx                          // draw: tail + 1, and what the word was
    mov edx, ecx
    shr edx, 0x10                                           // our ticket
    cmp cx, dx
    jne .Lwait
    ret
.Lwait:
    pause
    movzx ecx, word ptr [rdi]                               // head
    cmp cx, dx
    jne .Lwait
    ret
