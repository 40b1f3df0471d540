// int security_msg_queue_msgsnd(struct msg_queue *msq, struct msg_msg *msg, int msqflg)
// Source: Linux 4.8, security/security.c, security_msg_queue_msgsnd: call_int_hook over security_hook_heads.msg_queue_msgsnd
// Entry: rdi msq, rsi msg, edx msqflg
// Exit:  eax 0, or the first refusal of a hook
// Clobbers: caller-saved registers
// Lock: the caller's
//@ state kernel
security_msg_queue_msgsnd:
    push r13
    push r12
    push rbp
    push rbx
    call_int_hook security_hook_msg_queue_msgsnd, .Lhooks
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
.Lhooks:
    mov r13d, edx
    mov r12, rsi
    mov rbp, rdi
.Lnext:
    mov edx, r13d
    mov rsi, r12
    mov rdi, rbp
    call_int_hooks security_hook_msg_queue_msgsnd, .Lnext, .Lout
