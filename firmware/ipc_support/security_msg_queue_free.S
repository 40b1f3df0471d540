// void security_msg_queue_free(struct msg_queue *msq)
// Source: Linux 4.8, security/security.c, security_msg_queue_free: call_void_hook over security_hook_heads.msg_queue_free
// Entry: rdi msq
// Exit:  every hook has been called
// Clobbers: caller-saved registers
// Lock: the caller's
//@ state kernel
security_msg_queue_free:
    push rbp
    push rbx
    mov rbx, qword ptr [security_hook_msg_queue_free + LIST_next]
    cmp rbx, security_hook_msg_queue_free
    jne .Lhooks                                             // never: no module hooks this
.Lout:
    pop rbx
    pop rbp
    ret
.Lhooks:
    mov rbp, rdi
.Lnext:
    mov rdi, rbp
    call qword ptr [rbx + SECHOOK_hook]
    mov rbx, qword ptr [rbx + SECHOOK_list + LIST_next]
    cmp rbx, security_hook_msg_queue_free
    jne .Lnext
    jmp .Lout
