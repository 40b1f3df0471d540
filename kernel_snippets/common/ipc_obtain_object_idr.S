// struct kern_ipc_perm *ipc_obtain_object_idr(struct ipc_ids *ids, int id)
// Source: Linux 4.8, ipc/util.c, ipc_obtain_object_idr with idr_find by the slow path, which finds the same: nobody is in a hurry here
// Entry: rdi ids, esi id: of it only the index counts, and it is not negative
// Exit:  rax the object, or -EINVAL
// Clobbers: caller-saved registers
// Lock: rcu_read_lock is held (nothing, without CONFIG_PREEMPT_RCU)
//@ state kernel
ipc_obtain_object_idr:
    and esi, SEQ_MULTIPLIER_LOW                             // lid
    add rdi, IPCIDS_ipcs_idr
    call idr_find_slowpath
    test rax, rax
    je .Lno_object
    ret
.Lno_object:
    mov rax, -EINVAL
    ret
