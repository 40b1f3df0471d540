// int ipc_get_maxid(struct ipc_ids *ids)
// Source: Linux 4.8, ipc/util.c, ipc_get_maxid with idr_find, which finds all ids in the one layer that idr_alloc fills
// Entry: rdi ids
// Exit:  eax the highest index in use, -1 if there is none
// Clobbers: rax rcx rdx r8
// Lock: ids->rwsem is held
//@ state kernel
ipc_get_maxid:
    mov eax, -0x1                                           // max_id
    xor ecx, ecx                                            // total
    xor edx, edx                                            // id
    mov r8, qword ptr [rdi + IPCIDS_ipcs_idr + IDR_top]
.Lnext:
    cmp ecx, dword ptr [rdi + IPCIDS_in_use]
    jge .Lout
    cmp qword ptr [r8 + rdx*8 + IDRLAYER_ary], 0x0
    je .Lfree
    mov eax, edx
    inc ecx
.Lfree:
    inc edx
    jmp .Lnext
.Lout:
    ret
