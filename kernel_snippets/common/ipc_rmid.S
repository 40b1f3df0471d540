// void ipc_rmid(struct ipc_ids *ids, struct kern_ipc_perm *ipcp)
// Source: Linux 4.8, ipc/util.c, ipc_rmid
// Entry: rdi ids, rsi ipcp
// Exit:  the object cannot be found any more, and says so to those who have found it
// Clobbers: rax rsi rdi
// Lock: ids->rwsem is held for writing, and ipcp->lock
//@ state kernel
ipc_rmid:
    push rbp
    push rbx
    mov rbp, rdi
    mov rbx, rsi
    mov esi, dword ptr [rsi + IPCP_id]
    and esi, SEQ_MULTIPLIER_LOW                             // lid: an id is never negative
    add rdi, IPCIDS_ipcs_idr
    call idr_remove
    dec dword ptr [rbp + IPCIDS_in_use]
    mov byte ptr [rbx + IPCP_deleted], 0x1
    pop rbx
    pop rbp
    ret
