// struct kern_ipc_perm *ipc_findkey(struct ipc_ids *ids, key_t key)
// Source: Linux 4.8, ipc/util.c, ipc_findkey with idr_find, which finds all ids in the one layer that idr_alloc fills
// Entry: rdi ids, esi key
// Exit:  rax the object with the key, locked, inside an RCU read section; NULL if there is none
// Clobbers: caller-saved registers
// Lock: ids->rwsem is held for writing; the lock of the object is taken
//@ state kernel
ipc_findkey:
    push rbx
    xor ecx, ecx                                            // total
    xor edx, edx                                            // next_id
    mov r8, qword ptr [rdi + IPCIDS_ipcs_idr + IDR_top]
.Lnext:
    cmp ecx, dword ptr [rdi + IPCIDS_in_use]
    jge .Lnone
    mov rbx, qword ptr [r8 + rdx*8 + IDRLAYER_ary]          // ipc
    inc edx
    test rbx, rbx
    je .Lnext
    cmp dword ptr [rbx + IPCP_key], esi
    je .Lfound
    inc ecx
    jmp .Lnext
.Lfound:
    mov rdi, rbx
    spin_lock
    mov rax, rbx
    pop rbx
    ret
.Lnone:
    xor eax, eax
    pop rbx
    ret
