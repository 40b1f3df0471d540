// int ipcget(struct ipc_namespace *ns, struct ipc_ids *ids, const struct ipc_ops *ops, struct ipc_params *params)
// Source: Linux 4.8, ipc/util.c, ipcget with ipcget_new, ipcget_public and ipc_check_perms; message queues have no more_checks
// Entry: rdi ns, rsi ids, rdx ops, rcx params
// Exit:  eax the object's id, or an error
// Clobbers: caller-saved registers
// Lock: ids->rwsem is taken for writing and released; so is the lock of an object that is found
//@ state kernel
//
// rbx ids, rbp params, r12 ns, r13 ops, r14 ipcp
ipcget:
    push r14
    push r13
    push r12
    push rbp
    push rbx
    mov r12, rdi
    mov rbx, rsi
    mov r13, rdx
    mov rbp, rcx
    lea rdi, [rsi + IPCIDS_rwsem]
    call down_write
    mov esi, dword ptr [rbp + IPCPARAMS_key]
    test esi, esi                                           // IPC_PRIVATE
    je .Lcreate
    mov rdi, rbx
    call ipc_findkey
    test rax, rax
    jne .Lfound
    test dword ptr [rbp + IPCPARAMS_flg], IPC_CREAT
    je .Lno_entry
.Lcreate:
    mov rdi, r12
    mov rsi, rbp
    call qword ptr [r13 + IPCOPS_getnew]
    mov ebp, eax                                            // err
.Lout:
    lea rdi, [rbx + IPCIDS_rwsem]
    call up_write
    mov eax, ebp
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    ret
.Lno_entry:
    mov ebp, -ENOENT
    jmp .Lout

// ipc_findkey has locked the object.
.Lfound:
    mov r14, rax
    mov eax, dword ptr [rbp + IPCPARAMS_flg]
    and eax, IPC_CREAT + IPC_EXCL
    cmp eax, IPC_CREAT + IPC_EXCL
    je .Lexists
    mov rdi, r12                                            // ipc_check_perms
    mov rsi, r14
    mov edx, dword ptr [rbp + IPCPARAMS_flg]
    call ipcperms
    test eax, eax
    jne .Ldenied
    mov rdi, r14
    mov esi, dword ptr [rbp + IPCPARAMS_flg]
    call qword ptr [r13 + IPCOPS_associate]
    mov ebp, eax                                            // err
    test eax, eax
    jne .Lunlock
    mov ebp, dword ptr [r14 + IPCP_id]
.Lunlock:
    spin_unlock [r14 + IPCP_lock]
    jmp .Lout
.Lexists:
    mov ebp, -EEXIST
    jmp .Lunlock
.Ldenied:
    mov ebp, -EACCES
    jmp .Lunlock
