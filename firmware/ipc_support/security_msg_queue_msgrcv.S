// int security_msg_queue_msgrcv(struct msg_queue *msq, struct msg_msg *msg, struct task_struct *target, long type, int mode)
// Source: Linux 4.8, security/security.c, security_msg_queue_msgrcv: call_int_hook over security_hook_heads.msg_queue_msgrcv
// Entry: rdi msq, rsi msg, rdx target, rcx type, r8d mode
// Exit:  eax 0, or the first refusal of a hook
// Clobbers: caller-saved registers
// Lock: the caller's
//@ state kernel
security_msg_queue_msgrcv:
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    call_int_hook security_hook_msg_queue_msgrcv, .Lhooks
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret
.Lhooks:
    mov r15, rcx
    mov r14d, r8d
    mov r13, rdx
    mov r12, rsi
    mov rbp, rdi
.Lnext:
    mov rcx, r15
    mov r8d, r14d
    mov rdx, r13
    mov rsi, r12
    mov rdi, rbp
    call_int_hooks security_hook_msg_queue_msgrcv, .Lnext, .Lout
