// int atomic_notifier_call_chain(struct atomic_notifier_head *nh, unsigned long val, void *v)
// Source: Linux 4.8, kernel/notifier.c, atomic_notifier_call_chain, notifier_call_chain (14 instructions with no listener)
// Entry: rdi nh, rsi val, rdx v
// Exit:  eax 0 (NOTIFY_DONE): nobody listens
// Clobbers: none else
// Lock: RCU read side (nothing to do)
//@ state idle
atomic_notifier_call_chain:
    mov rax, qword ptr [rdi + NOTIFIER_head]
    test rax, rax
    jnz .Lunsupported
    ret
.Lunsupported:
    //@ event unsupported
    ud2
