// void two_adders(void)
// Source: own; two threads add one to a counter, and the program ends with status 1 if it is not two then
// Entry: nothing
// Exit:  never
// Clobbers: everything
// Lock: none
//@ state user
two_adders:
    .byte 0x0f, 0x04, 0x5a, 0x00                            // work_begin
    mov edi, CLONE_VM + 0x11                                   // SIGCHLD
    mov rsi, STACK_END
    xor edx, edx
    xor r10d, r10d
    xor r8d, r8d
    mov eax, SYS_CLONE
    syscall
    mov rbx, COUNTER
    mov r12d, eax
    ADD_ONE
    test r12d, r12d
    jz .Lchild
    mov rdi, -0x1                                           // the child
    xor esi, esi
    xor edx, edx
    xor r10d, r10d
    mov eax, SYS_WAIT4
    syscall
    xor edi, edi
    cmp qword ptr [rbx], 0x2
    setne dil
    mov eax, SYS_EXIT_GROUP
    syscall
.Lchild:
    xor edi, edi
    mov eax, SYS_EXIT
    syscall
