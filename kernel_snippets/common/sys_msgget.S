// long sys_msgget(key_t key, int msgflg)
// Source: Linux 4.8, ipc/msg.c, SYSCALL_DEFINE2(msgget)
// Entry: edi key, esi msgflg
// Exit:  rax the queue's id, or an error
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
.set .Lparams, 0x0                                          // struct ipc_params
.set .Lframe, 0x18
sys_msgget:
    sub rsp, .Lframe
    mov dword ptr [rsp + .Lparams + IPCPARAMS_key], edi
    mov dword ptr [rsp + .Lparams + IPCPARAMS_flg], esi
    mov rax, qword ptr gs:[PERCPU_current]
    mov rax, qword ptr [rax + TASK_nsproxy]
    mov rdi, qword ptr [rax + NSPROXY_ipc_ns]               // ns
    lea rsi, [rdi + IPCNS_msg_ids_in_use]                   // &msg_ids(ns)
    mov rdx, msg_ops
    lea rcx, [rsp + .Lparams]
    call ipcget
    cdqe
    add rsp, .Lframe
    ret
