// void complain(const char *message, unsigned number)
// Source: own
// Entry: edi a message that ends with a zero, esi a number below 10,000
// Exit:  both have been written, with a line end
// Clobbers: caller-saved registers
// Lock: none
//@ state user
complain:
    push rbx
    push r12
    push rax                                                // room for the digits and the line end, from the end to the front
    mov r12d, esi
    xor edx, edx
.Llength:
    cmp byte ptr [rdi + rdx], 0x0
    je .Lsay
    inc edx
    jmp .Llength
.Lsay:
    mov rsi, rdi
    mov edi, 0x1
    mov eax, SYS_WRITE
    syscall
    lea rbx, [rsp + 0x7]
    mov byte ptr [rbx], 0xa
    mov eax, r12d
    mov ecx, 0xa
.Ldigit:
    xor edx, edx
    div ecx
    add edx, 0x30
    dec rbx
    mov byte ptr [rbx], dl
    test eax, eax
    jnz .Ldigit
    mov edi, 0x1
    mov rsi, rbx
    lea rdx, [rsp + 0x8]
    sub rdx, rbx
    mov eax, SYS_WRITE
    syscall
    pop rax
    pop r12
    pop rbx
    ret
