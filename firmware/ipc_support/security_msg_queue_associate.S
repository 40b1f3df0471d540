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
    call_int_hook security_hook_msg_queue_associate, .Lhooks
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
    call_int_hooks security_hook_msg_queue_associate, .Lnext, .Lout
