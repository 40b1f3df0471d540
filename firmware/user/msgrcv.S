// ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, int msgflg)
// Source: own, in the shape of glibc 2.23 (msgrcv.c): a cancellation point around system call 70
// Entry: as the prototype
// Exit:  rax bytes received, or -1 with errno
// Clobbers: caller-saved registers
// Lock: none
//@ state user
msgrcv:
    push rbx
    call enable_asynccancel
    mov ebx, eax                                            // cancelhandling before
    movsxd r8, r8d                                          // msgflg
    mov r10, rcx                                            // msgtyp: syscall takes rcx
    movsxd rdi, edi                                         // msqid
    mov eax, 0x46                                            // msgrcv
    syscall
    mov edi, ebx
    mov rbx, rax                                            // result
    call disable_asynccancel
    mov rdi, rbx
    pop rbx
    jmp syscall_ret
