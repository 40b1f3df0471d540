// int security_msg_msg_alloc(struct msg_msg *msg)
// Source: Linux 4.8, security/security.c, security_msg_msg_alloc: call_int_hook over security_hook_heads.msg_msg_alloc
// Entry: rdi msg
// Exit:  eax 0, or the first refusal of a hook
// Clobbers: caller-saved registers
// Lock: the caller's
//@ state kernel
security_msg_msg_alloc:
    push rbp
    push rbx
    mov rbx, qword ptr [security_hook_msg_msg_alloc + LIST_next]
    cmp rbx, security_hook_msg_msg_alloc
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
    cmp rbx, security_hook_msg_msg_alloc
    jne .Lnext
    xor eax, eax
    jmp .Lout
