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
    call_void_hook security_hook_msg_queue_free, .Lhooks
.Lout:
    pop rbx
    pop rbp
    ret
.Lhooks:
    mov rbp, rdi
.Lnext:
    mov rdi, rbp
    call_void_hooks security_hook_msg_queue_free, .Lnext, .Lout
