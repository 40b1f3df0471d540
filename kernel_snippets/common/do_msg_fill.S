// static long do_msg_fill(void __user *dest, struct msg_msg *msg, size_t bufsz)
// Source: Linux 4.8, ipc/msg.c, do_msg_fill
// Entry: rdi dest, rsi msg, rdx bufsz
// Exit:  rax bytes of text given to the user, or -EFAULT
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
do_msg_fill:
    push rbx
    mov rax, qword ptr [rsi + MSG_m_type]
    lea rcx, [rdi + MSGP_mtype]
    call __put_user_8                                       // clobbers rbx, keeps rsi, rdi, rdx
    test eax, eax
    jne .Lfault
    mov rbx, qword ptr [rsi + MSG_m_ts]
    cmp rbx, rdx
    cmova rbx, rdx                                          // msgsz
    add rdi, MSGP_mtext
    mov rdx, rbx
    call store_msg
    test eax, eax
    jne .Lfault
    mov rax, rbx
.Lout:
    pop rbx
    ret
.Lfault:
    mov rax, -EFAULT
    jmp .Lout
