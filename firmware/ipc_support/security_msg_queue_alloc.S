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
    call_int_hook security_hook_msg_queue_alloc, .Lhooks
.Lout:
    pop rbx
    pop rbp
    ret
.Lhooks:
    mov rbp, rdi
.Lnext:
    mov rdi, rbp
    call_int_hooks security_hook_msg_queue_alloc, .Lnext, .Lout
