// void add_environment(void *stack)
// Source: own
// Entry: rdi the stack as the kernel left it; INIT_environment: the user's variables, a zero, room for those of the kernel
// Exit:  behind the user's stand those that the kernel gave to process 1: words NAME=VALUE of its command line among them
// Clobbers: rax rcx rsi rdi
// Lock: none
//@ state user
add_environment:
    mov rax, qword ptr [rdi]                                // argument count
    lea rsi, [rdi + rax*8 + 0x10]                           // environment, behind the arguments and a zero
    mov edi, INIT_environment
    jmp .Lfind_end
.Luser:
    add rdi, 0x8
.Lfind_end:
    cmp qword ptr [rdi], 0x0
    jne .Luser
    mov ecx, INIT_ENVIRONMENT_ROOM
.Lkernel:
    mov rax, qword ptr [rsi]
    test rax, rax
    jz .Ldone
    mov qword ptr [rdi], rax
    add rsi, 0x8
    add rdi, 0x8
    dec ecx
    jnz .Lkernel
.Ldone:
    ret
