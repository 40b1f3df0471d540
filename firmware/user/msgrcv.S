// ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, int msgflg)
// Source: own, in the shape of a small C library: a cancellation point around system call 70
// Entry: as the prototype
// Exit:  rax bytes received, or -1 with errno
// Clobbers: caller-saved registers
// Lock: none
//@ state user
msgrcv:
    xor eax, eax
    mov rax, qword ptr fs:[rax + UTLS_self]
    cmp dword ptr [rax + UTLS_cancel_state], 0x0            // cancellation enabled: this is a cancellation point
    jne .Lcall
    cmp dword ptr [rax + UTLS_cancel], 0x0
    jne .Lcancelled
.Lcall:
    movsxd r8, r8d                                          // msgflg
    mov r10, rcx                                            // msgtyp: syscall takes rcx
    movsxd rdi, edi                                         // msqid
    mov eax, 0x46                                            // msgrcv
    syscall
    cmp rax, -0x4                                           // -EINTR: cancelled while asleep?
    je .Lcancelled
    mov rdi, rax
    jmp syscall_ret
.Lcancelled:
    //@ event unexpected_error reg=rax
    ud2                                                     // nobody cancels threads here
