// int ipc_addid(struct ipc_ids *ids, struct kern_ipc_perm *new, int size)
// Source: Linux 4.8, ipc/util.c, ipc_addid with ipc_buildid, without idr_preload: the only layer is there from the start. What is
//         different when ids->next_id is set is in ipc_addid_next_id
// Entry: rdi ids, rsi new, edx size: how many objects there may be
// Exit:  eax the index of the new object, which is locked, inside an RCU read section; or an error
// Clobbers: caller-saved registers
// Lock: ids->rwsem is held for writing; new->lock is taken if there is no error
//@ state kernel
ipc_addid:
    push rbp
    push rbx
    mov eax, IPCMNI
    cmp edx, eax
    cmovg edx, eax
    cmp dword ptr [rdi + IPCIDS_in_use], edx
    jge .Lno_space
    mov rbp, rdi                                            // ids
    mov rbx, rsi                                            // new
    mov dword ptr [rsi + IPCP_lock], 0x0                    // spin_lock_init
    mov byte ptr [rsi + IPCP_deleted], 0x0
    mov rdi, rsi
    spin_lock
    mov rax, qword ptr gs:[PERCPU_current]
    mov rdx, qword ptr [rax + TASK_cred]
    mov eax, dword ptr [rdx + CRED_euid]
    mov dword ptr [rbx + IPCP_cuid], eax
    mov dword ptr [rbx + IPCP_uid], eax
    mov eax, dword ptr [rdx + CRED_egid]
    mov dword ptr [rbx + IPCP_gid], eax
    mov dword ptr [rbx + IPCP_cgid], eax
    lea rdi, [rbp + IPCIDS_ipcs_idr]
    mov rsi, rbx
    cmp dword ptr [rbp + IPCIDS_next_id], 0x0
    jge ipc_addid_next_id                                   // comes back to ipc_addid_has_id
    xor edx, edx                                            // start
    call idr_alloc                                          // has no error here: kernel_snippets/README.md
    movzx edx, word ptr [rbp + IPCIDS_seq]
    inc word ptr [rbp + IPCIDS_seq]                         // behind IPCID_SEQ_MAX, 0xffff, comes 0
ipc_addid_has_id:
    inc dword ptr [rbp + IPCIDS_in_use]
    mov qword ptr [rbx + IPCP_seq], rdx
    shl edx, SEQ_MULTIPLIER_LOG
    add edx, eax
    mov dword ptr [rbx + IPCP_id], edx
.Lout:
    pop rbx
    pop rbp
    ret
.Lno_space:
    mov eax, -ENOSPC
    jmp .Lout
