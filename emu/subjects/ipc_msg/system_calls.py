"""Numbers that user programs pass to the kernel: system calls of x86-64, commands of msgctl."""

MSGGET, MSGSND, MSGRCV, MSGCTL = 68, 69, 70, 71  # arch/x86/entry/syscalls/syscall_64.tbl
EXIT, TGKILL = 60, 234
IPC_RMID, IPC_SET, IPC_STAT, IPC_INFO = 0, 1, 2, 3  # include/uapi/linux/ipc.h
MSG_STAT, MSG_INFO = 11, 12  # include/uapi/linux/msg.h
