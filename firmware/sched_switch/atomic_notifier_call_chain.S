// int atomic_notifier_call_chain(struct atomic_notifier_head *nh, unsigned long val, void *v)
// Source: Linux 4.8, kernel/notifier.c, atomic_notifier_call_chain, notifier_call_chain (14 instructions with no listener)
// Entry: rdi nh, rsi val, rdx v
// Exit:  eax the last listener's answer; NOTIFY_DONE (0) if nobody listens
// Clobbers: caller-saved registers
// Lock: RCU read side (nothing to do)
//@ state idle
atomic_notifier_call_chain:
    push r13
    push r12
    push rbp
    mov rbp, rsi                                            // val
    mov r12, rdx                                            // v
    xor eax, eax                                            // NOTIFY_DONE
    mov rdi, qword ptr [rdi + NOTIFIER_head]
    jmp .Lcheck
.Llistener:
    mov r13, qword ptr [rdi + NOTIFIERBLOCK_next]           // before the call: it may take itself off
    mov rdx, r12
    mov rsi, rbp
    call qword ptr [rdi + NOTIFIERBLOCK_call]
    test eax, NOTIFY_STOP_MASK
    jnz .Lout
    mov rdi, r13
.Lcheck:
    test rdi, rdi
    jnz .Llistener
.Lout:
    pop rbp
    pop r12
    pop r13
    ret
