// unsigned long _raw_spin_lock_irqsave(raw_spinlock_t *lock)
// Source: Linux 4.8, kernel/locking/spinlock.c, _raw_spin_lock_irqsave
// Entry: rdi lock
// Exit:  rax the caller's flags, interrupts off
// Clobbers: caller-saved registers
// Lock: taken
//@ state kernel
_raw_spin_lock_irqsave:
    push rbx
    pushfq
    pop rbx                                                 // flags: before the interrupts go off
    cli
    preempt_disable
    xor eax, eax                                            // expected: nobody holds it, nobody waits
    mov edx, _Q_LOCKED_VAL
    lock cmpxchg dword ptr [rdi], edx
    test eax, eax
    jne .Lcontended
.Ltaken:
    mov rax, rbx
    pop rbx
    ret
.Lcontended:
    mov esi, eax                                            // the value seen
    call queued_spin_lock_slowpath
    jmp .Ltaken
