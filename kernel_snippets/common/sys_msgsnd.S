// long sys_msgsnd(int msqid, struct msgbuf __user *msgp, size_t msgsz, int msgflg)
// Source: Linux 4.8, ipc/msg.c, SYSCALL_DEFINE4(msgsnd)
// Entry: edi msqid, rsi msgp, rdx msgsz, ecx msgflg
// Exit:  rax 0, or an error
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
sys_msgsnd:
    mov r8d, ecx                                            // msgflg
    mov rcx, rdx                                            // msgsz
    lea rax, [rsi + MSGP_mtype]
    call __get_user_8                                       // rdx: mtype; all others are kept
    test eax, eax
    jne .Lfault
    lea rax, [rsi + MSGP_mtext]
    mov rsi, rdx
    mov rdx, rax
    jmp do_msgsnd
.Lfault:
    mov rax, -EFAULT
    ret
