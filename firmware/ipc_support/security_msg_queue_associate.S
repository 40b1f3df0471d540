// int security_msg_queue_associate(struct msg_queue *msq, int msqflg)
// Source: Linux 4.8, security/security.c, security_msg_queue_associate: call_int_hook over security_hook_heads.msg_queue_associate
// Entry: rdi msq, esi msqflg
// Exit:  eax 0, or the first refusal of a hook
// Clobbers: caller-saved registers
// Lock: the caller's
//@ state kernel
security_msg_queue_associate:
    push r12
    push rbp
    push rbx
    mov rbx, qword ptr [security_hook_msg_queue_associate + LIST_next]
    cmp rbx, security_hook_msg_queue_associate
    jne .Lhooks                                             // never: no module hooks this
    xor eax, eax
.Lout:
    pop rbx
    pop rbp
    pop r12
    ret
.Lhooks:
    mov rbp, rdi
    mov r12d, esi
.Lnext:
    mov rdi, rbp
    mov esi, r12d
    call qword ptr [rbx + SECHOOK_hook]
    test eax, eax
    jne .Lout
    mov rbx, qword ptr [rbx + SECHOOK_list + LIST_next]
    cmp rbx, security_hook_msg_queue_associate
    jne .Lnext
    xor eax, eax
    jmp .Lout
