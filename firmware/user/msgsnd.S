// int msgsnd(int msqid, const void *msgp, size_t msgsz, int msgflg)
// Source: own, in the shape of glibc 2.23 (msgsnd.c): a cancellation point around system call 69
// Entry: as the prototype
// Exit:  eax 0, or -1 with errno
// Clobbers: caller-saved registers
// Lock: none
//@ state user
msgsnd:
    push rbx
    call enable_asynccancel
    mov ebx, eax                                            // cancelhandling before
    movsxd r10, ecx                                         // msgflg: syscall takes rcx
    movsxd rdi, edi                                         // msqid
    mov eax, 0x45                                            // msgsnd
    syscall
    mov edi, ebx
    mov rbx, rax                                            // result
    call disable_asynccancel
    mov rdi, rbx
    pop rbx
    jmp syscall_ret
