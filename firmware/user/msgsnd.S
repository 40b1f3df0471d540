// int msgsnd(int msqid, const void *msgp, size_t msgsz, int msgflg)
// Source: own, in the shape of a small C library: a cancellation point around system call 69
// Entry: as the prototype
// Exit:  eax 0, or -1 with errno
// Clobbers: caller-saved registers
// Lock: none
//@ state user
msgsnd:
    xor eax, eax
    mov rax, qword ptr fs:[rax + UTLS_self]
    cmp dword ptr [rax + UTLS_cancel_state], 0x0            // cancellation enabled: this is a cancellation point
    jne .Lcall
    cmp dword ptr [rax + UTLS_cancel], 0x0
    jne .Lcancelled
.Lcall:
    movsxd r10, ecx                                         // msgflg: syscall takes rcx
    movsxd rdi, edi                                         // msqid
    mov eax, 0x45                                            // msgsnd
    syscall
    cmp rax, -0x4                                           // -EINTR: cancelled while asleep?
    je .Lcancelled
    mov rdi, rax
    jmp syscall_ret
.Lcancelled:
    //@ event unexpected_error reg=rax
    ud2                                                     // nobody cancels threads here
