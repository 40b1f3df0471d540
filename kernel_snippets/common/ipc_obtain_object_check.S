// struct kern_ipc_perm *ipc_obtain_object_check(struct ipc_ids *ids, int id)
// Source: Linux 4.8, ipc/util.c, ipc_obtain_object_check with ipc_obtain_object_idr, idr_find and ipc_checkid
// Entry: rdi ids, esi id = sequence number * 32768 + index
// Exit:  rax the object, or -EINVAL
// Clobbers: caller-saved registers
// Lock: rcu_read_lock is held (nothing, without CONFIG_PREEMPT_RCU)
//@ state kernel
.set .LIDR_MASK_INVERSE, 0xffffff00
ipc_obtain_object_check:
    push rbx
    mov ebx, esi                                            // id
    mov eax, esi
    sar eax, 0x1f
    shr eax, 0x11                                           // id % 32768, for a signed id
    add esi, eax
    and esi, SEQ_MULTIPLIER_LOW
    sub esi, eax                                            // lid
    mov rdx, qword ptr [rdi + IPCIDS_ipcs_idr + IDR_hint]
    test rdx, rdx
    je .Lslow
    mov eax, esi
    and eax, .LIDR_MASK_INVERSE
    cmp eax, dword ptr [rdx + IDRLAYER_prefix]
    jne .Lslow
    movzx esi, sil
    mov rax, qword ptr [rdx + rsi*8 + IDRLAYER_ary]         // out
.Lfound:
    test rax, rax
    je .Lno_object
    IS_ERR rax, .Lout
    mov edx, ebx
    sar edx, 0x1f
    and edx, SEQ_MULTIPLIER_LOW
    add edx, ebx
    sar edx, 0xf                                            // id / 32768, for a signed id
    movsxd rdx, edx
    cmp rdx, qword ptr [rax + IPCP_seq]
    jne .Lno_object                                         // the index has another object now
.Lout:
    pop rbx
    ret
.Lno_object:
    mov rax, -EINVAL
    jmp .Lout
.Lslow:
    add rdi, IPCIDS_ipcs_idr
    call idr_find_slowpath
    jmp .Lfound
