// struct kern_ipc_perm *ipcctl_pre_down_nolock(struct ipc_namespace *ns, struct ipc_ids *ids, int id)
// Source: Linux 4.8, ipc/util.c, ipcctl_pre_down_nolock; its further arguments are for the audit alone, which is off
// Entry: rdi ns, rsi ids, edx id
// Exit:  rax the object, or an error
// Clobbers: caller-saved registers
// Lock: ids->rwsem is held for writing, rcu_read_lock is held
//@ state kernel
ipcctl_pre_down_nolock:
    push rbp
    push rbx
    mov rbp, rdi                                            // ns
    mov rdi, rsi
    mov esi, edx
    call ipc_obtain_object_check
    IS_ERR rax, .Lout
    mov rbx, rax                                            // ipcp
    mov rdx, qword ptr gs:[PERCPU_current]
    mov rdx, qword ptr [rdx + TASK_cred]
    mov edx, dword ptr [rdx + CRED_euid]
    cmp edx, dword ptr [rax + IPCP_cuid]
    je .Lout
    cmp edx, dword ptr [rax + IPCP_uid]
    je .Lout
    mov rdi, qword ptr [rbp + IPCNS_user_ns]
    mov esi, CAP_SYS_ADMIN
    call ns_capable
    test al, al
    je .Ldenied
    mov rax, rbx
.Lout:
    pop rbx
    pop rbp
    ret
.Ldenied:
    mov rax, -EPERM
    jmp .Lout
