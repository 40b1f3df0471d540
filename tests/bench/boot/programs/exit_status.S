// void exit_status(void)
// Source: own
// Entry: rsp argument count, arguments
// Exit:  never: ends with the number of its arguments, its own name aside, as its status
// Clobbers: all
// Lock: none
//@ state user
exit_status:
    mov rdi, qword ptr [rsp]
    dec edi
    mov eax, SYS_EXIT_GROUP
    syscall
    ud2
