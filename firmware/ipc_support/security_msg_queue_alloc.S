// int security_msg_queue_alloc(struct msg_queue *msq)
// Source: Linux 4.8, security/security.c, security_msg_queue_alloc: call_int_hook over security_hook_heads.msg_queue_alloc
// Entry: rdi msq
// Exit:  eax 0, or the first refusal of a hook
// Clobbers: caller-saved registers
// Lock: the caller's
//@ state kernel
security_msg_queue_alloc:
    push rbp
    push rbx
    mov rbx, qword ptr [security_hook_msg_queue_alloc + LIST_next]
    cmp rbx, security_hook_msg_queue_alloc
    jne .Lhooks                                             // never: no module hooks this
    xor eax, eax
.Lout:
    pop rbx
    pop rbp
    ret
.Lhooks:
    mov rbp, rdi
.Lnext:
    mov rdi, rbp
    call qword ptr [rbx + SECHOOK_hook]
    test eax, eax
    jne .Lout
    mov rbx, qword ptr [rbx + SECHOOK_list + LIST_next]
    cmp rbx, security_hook_msg_queue_alloc
    jne .Lnext
    xor eax, eax
    jmp .Lout
