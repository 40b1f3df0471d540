// long sys_msgctl(int msqid, int cmd, struct msqid_ds __user *buf)
// Source: Linux 4.8, ipc/msg.c, SYSCALL_DEFINE3(msgctl); x86-64 knows one version of the structures, IPC_64
// Entry: edi msqid, esi cmd, rdx buf
// Exit:  rax 0, what the command gives, or an error
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
sys_msgctl:
    test edi, edi
    js .Linvalid
    test esi, esi
    js .Linvalid
    mov rcx, rdx                                            // buf
    mov edx, esi                                            // cmd
    mov esi, edi                                            // msqid
    mov rax, qword ptr gs:[PERCPU_current]
    mov rax, qword ptr [rax + TASK_nsproxy]
    mov rdi, qword ptr [rax + NSPROXY_ipc_ns]               // ns
    cmp edx, IPC_SET
    jle msgctl_down                                         // IPC_RMID, IPC_SET
    cmp edx, IPC_INFO
    jle msgctl_nolock                                       // IPC_STAT, IPC_INFO
    cmp edx, MSG_STAT
    jl .Linvalid
    cmp edx, MSG_INFO
    jle msgctl_nolock
.Linvalid:
    mov rax, -EINVAL
    ret
