// void free_msg(struct msg_msg *msg)
// Source: Linux 4.8, ipc/msgutil.c, free_msg
// Entry: rdi msg, on no list
// Exit:  the message and its segments are free
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
free_msg:
    push rbp
    push rbx
    mov rbx, rdi                                            // msg
    call security_msg_msg_free
    mov rbp, qword ptr [rbx + MSG_next]                     // seg
    mov rdi, rbx
    call kfree
    test rbp, rbp
    jne .Lsegment
.Lout:
    pop rbx
    pop rbp
    ret
.Lsegment:
    mov rbx, qword ptr [rbp + MSGSEG_next]
    call _cond_resched
    mov rdi, rbp
    call kfree
    mov rbp, rbx
    test rbp, rbp
    jne .Lsegment
    jmp .Lout
