// part of ipc_addid: the id of the new object has been asked for, by kernel.msg_next_id
// Source: Linux 4.8, ipc/util.c, ipc_addid with next_id >= 0, ipcid_to_idx and ipcid_to_seqx
// Entry: rbp ids, rbx new, rdi ids->ipcs_idr, rsi new; ids->next_id is not negative
// Exit:  at ipc_addid_has_id, with eax the object's index and edx its sequence number: those asked for, or the next free index
// Clobbers: caller-saved registers
// Lock: ids->rwsem is held for writing, and new->lock
//@ state kernel
ipc_addid_next_id:
    mov edx, dword ptr [rbp + IPCIDS_next_id]
    and edx, SEQ_MULTIPLIER_LOW                             // start
    call idr_alloc
    mov edx, dword ptr [rbp + IPCIDS_next_id]
    shr edx, SEQ_MULTIPLIER_LOG
    mov dword ptr [rbp + IPCIDS_next_id], -0x1              // it was for one object
    jmp ipc_addid_has_id
