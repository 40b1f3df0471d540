// int wait_for(int pid)
// Source: own; the status is that of wait(2)
// Entry: edi a child
// Exit:  eax its exit status, 128 + the signal's number if one ended it; children without a parent have been collected meanwhile
// Clobbers: caller-saved registers
// Lock: none
//@ state user
wait_for:
    push r12
    push rax                                                // room for the status
    mov r12d, edi
.Lnext:
    mov rdi, -0x1                                           // whichever child ends
    mov rsi, rsp
    xor edx, edx                                            // options
    xor r10d, r10d                                          // resource usage: not wanted
    mov eax, SYS_WAIT4
    syscall
    cmp eax, r12d
    jne .Lnext
    mov eax, dword ptr [rsp]
    mov ecx, eax
    and ecx, 0x7f                                           // WTERMSIG
    jz .Lexited
    lea eax, [rcx + 0x80]
    jmp .Ldone
.Lexited:
    movzx eax, ah                                           // WEXITSTATUS
.Ldone:
    pop rcx
    pop r12
    ret
