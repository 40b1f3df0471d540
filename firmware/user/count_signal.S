// void count_signal(int sig)
// Source: own: the handler that the user programs have: it counts
// Entry: edi sig; on the frame that the kernel made
// Exit:  to the frame's first word, restore_signal
// Clobbers: caller-saved registers
// Lock: none
//@ state user
count_signal:
    xor eax, eax
    mov rax, qword ptr fs:[rax + UTLS_self]
    inc dword ptr [rax + UTLS_signals]
    mov dword ptr [rax + UTLS_last_signal], edi
    ret
