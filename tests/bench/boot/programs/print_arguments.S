// void print_arguments(void)
// Source: own
// Entry: rsp argument count, arguments, a zero, environment, a zero
// Exit:  never: each argument and each variable has been written in a line of its own; status 0
// Clobbers: all
// Lock: none
//@ state user
print_arguments:
    lea rbx, [rsp + 0x8]
    mov r12d, 0x2                                           // lists
.Lnext:
    mov rsi, qword ptr [rbx]
    add rbx, 0x8
    test rsi, rsi
    jz .Llist_done
    xor edx, edx
.Llength:
    cmp byte ptr [rsi + rdx], 0x0
    je .Lwrite
    inc edx
    jmp .Llength
.Lwrite:
    mov edi, 0x1
    mov eax, SYS_WRITE
    syscall
    mov edi, 0x1
    mov esi, line_end
    mov edx, 0x1
    mov eax, SYS_WRITE
    syscall
    jmp .Lnext
.Llist_done:
    dec r12d
    jnz .Lnext
    xor edi, edi
    mov eax, SYS_EXIT_GROUP
    syscall
    ud2
