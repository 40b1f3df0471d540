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
    call_int_hook security_hook_msg_msg_alloc, .Lhooks
.Lout:
    pop rbx
    pop rbp
    ret
.Lhooks:
    mov rbp, rdi
.Lnext:
    mov rdi, rbp
    call_int_hooks security_hook_msg_msg_alloc, .Lnext, .Lout
