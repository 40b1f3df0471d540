// static void migrate_task_rq_fair(struct task_struct *p)
// Source: Linux 4.8, kernel/sched/fair.c, migrate_task_rq_fair with remove_entity_load_avg inlined
// Entry: rdi p
// Exit:  p's vruntime is relative to its old queue; its load is left for that queue to subtract
// Clobbers: caller-saved registers
// Lock: p->pi_lock held, the rq->lock of its old core is not
//@ state scheduler
migrate_task_rq_fair:
    push rbp
    push rbx
    lea rbx, [rdi + TASK_se]                                // se
    mov rbp, qword ptr [rbx + SE_cfs_rq]                    // the old queue
    cmp qword ptr [rdi + TASK_state], TASK_WAKING
    jne .Labsolute
    mov rax, qword ptr [rbp + CFS_min_vruntime]
    sub qword ptr [rbx + SE_vruntime], rax                  // the new queue adds its own
.Labsolute:
    mov rax, qword ptr [rbx + SE_avg + AVG_last_update_time]
    test rax, rax
    jz .Lnever_attached                                     // its load is in no queue's average
    mov rdi, qword ptr [rbp + CFS_avg + AVG_last_update_time]
    mov rdx, rdi
    sub rdx, rax
    jle .Laged
    shr rdx, 0xa
    mov eax, dword ptr [rbx + SE_avg + AVG_period_contrib]
    add rdx, rax
    cmp rdx, 0x400
    jae .Lage
    mov dword ptr [rbx + SE_avg + AVG_period_contrib], edx
.Laged:
    mov rax, qword ptr [rbx + SE_avg + AVG_load_avg]
    lock add qword ptr [rbp + CFS_removed_load_avg], rax
    mov rax, qword ptr [rbx + SE_avg + AVG_util_avg]
    lock add qword ptr [rbp + CFS_removed_util_avg], rax
.Lnever_attached:
    mov qword ptr [rbx + SE_avg + AVG_last_update_time], 0x0// to be attached
    mov qword ptr [rbx + SE_exec_start], 0x0                // no longer cache-hot
    pop rbx
    pop rbp
    ret
// __update_load_avg: it slept, so it decays to where its queue is
.Lage:
    xor r8d, r8d                                            // no queue
    xor ecx, ecx                                            // not running
    xor edx, edx                                            // no weight
    lea rsi, [rbx + SE_avg]
    call __update_load_avg
    jmp .Laged
