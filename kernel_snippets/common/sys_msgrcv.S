// long sys_msgrcv(int msqid, struct msgbuf __user *msgp, size_t msgsz, long msgtyp, int msgflg)
// Source: Linux 4.8, ipc/msg.c, SYSCALL_DEFINE5(msgrcv)
// Entry: edi msqid, rsi msgp, rdx msgsz, rcx msgtyp, r8d msgflg
// Exit:  rax bytes received
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
sys_msgrcv:
    lea r9, [rip + do_msg_fill]                             // msg_handler
    jmp do_msgrcv
