// int run_program(void)
// Source: own
// Entry: INIT_path, INIT_arguments, INIT_environment
// Exit:  eax exit status of the program as a shell has it
// Clobbers: caller-saved registers
// Lock: none
//@ state user
run_program:
    mov eax, SYS_FORK
    syscall
    test eax, eax
    jz .Lchild
    js .Lno_child
    mov edi, eax
    call wait_for
    ret
.Lno_child:
    mov edi, INIT_cannot_fork
    mov esi, eax
    neg esi
    call complain
    mov eax, 0x7e                                           // 126: there, and cannot be run
    ret
.Lchild:
    mov edi, INIT_path
    mov esi, INIT_arguments
    mov edx, INIT_environment
    mov eax, SYS_EXECVE
    syscall
    mov ebx, eax                                            // only when it could not be begun
    neg ebx
    mov edi, INIT_cannot_execute
    mov esi, ebx
    call complain
    mov edi, 0x7e
    cmp ebx, ENOENT
    jne .Lexit
    inc edi                                                 // 127: not there
.Lexit:
    mov eax, SYS_EXIT_GROUP
    syscall
    ud2
