// static void enqueue_task_fair(struct rq *rq, struct task_struct *p, int flags)
// Source: Linux 4.8, kernel/sched/fair.c, enqueue_task_fair with enqueue_entity, enqueue_entity_load_avg, the usual part of
//         __update_load_avg, and place_entity inlined (274 to 310 instructions for two levels)
// Entry: rdi rq, rsi p, edx flags (0x1 ENQUEUE_WAKEUP, 0x20 ENQUEUE_MIGRATED)
// Exit:  p is queued, and its group's entity too
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
enqueue_task_fair:
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    mov r12, rdi                                            // rq
    mov r13d, edx                                           // flags
    lea rbx, [rsi + TASK_se]                                // se
.Llevel:
    cmp dword ptr [rbx + SE_on_rq], 0x0
    jne .Lupper                                             // the group is queued already
    mov rbp, qword ptr [rbx + SE_cfs_rq]                    // cfs_rq
// enqueue_entity
    mov eax, r13d
    and eax, 0x21                                           // no wakeup, or from another core: vruntime is relative
    cmp eax, 0x1
    mov rdi, rbp
    jne .Lrenormalise
    call update_curr
.Lnormal:
// enqueue_entity_load_avg: first the entity. Within one unit of 1,024 ns nothing, within a period of 1,024 units sums only.
    mov rax, qword ptr [rbp + CFS_rq]
    mov r14, qword ptr [rax + RQ_clock_task]                // now
    mov rax, r14
    mov rcx, qword ptr [rbx + SE_avg + AVG_last_update_time]
    xor r15d, r15d                                          // bit 0 decayed, bit 1 migrated
    test rcx, rcx
    jz .Lmigrated
    sub rax, rcx
    js .Lentity_backwards
    shr rax, 0xa                                            // delta
    jz .Lqueue
    mov rdx, qword ptr [rbx + SE_load_weight]
    shr rdx, 0xa                                            // scale_load_down
    mov ecx, dword ptr [rbx + SE_on_rq]
    imul rdx, rcx                                           // weight: 0 until it is queued
    xor ecx, ecx
    cmp qword ptr [rbp + CFS_curr], rbx
    sete cl                                                 // running
    mov esi, dword ptr [rbx + SE_avg + AVG_period_contrib]
    add rsi, rax
    cmp rsi, 0x400
    jae .Lentity_period
    mov qword ptr [rbx + SE_avg + AVG_last_update_time], r14
    mov dword ptr [rbx + SE_avg + AVG_period_contrib], esi
    test rdx, rdx
    jnz .Lentity_weighs
.Lentity_weighed:
    test ecx, ecx
    jnz .Lentity_runs
// Then its queue
.Lqueue:
    mov rax, qword ptr [rbp + CFS_removed_load_avg]         // entities that left from afar
    test rax, rax
    jnz .Lremoved_load
.Lremoved_load_taken:
    mov rax, qword ptr [rbp + CFS_removed_util_avg]
    test rax, rax
    jnz .Lremoved_util
.Lremoved_util_taken:
    mov rax, r14
    sub rax, qword ptr [rbp + CFS_avg + AVG_last_update_time]
    js .Lqueue_backwards
    shr rax, 0xa
    jz .Lqueue_done
    mov rdx, qword ptr [rbp + CFS_load_weight]
    shr rdx, 0xa
    xor ecx, ecx
    cmp qword ptr [rbp + CFS_curr], 0x0
    setne cl
    mov esi, dword ptr [rbp + CFS_avg + AVG_period_contrib]
    add rsi, rax
    cmp rsi, 0x400
    jae .Lqueue_period
    mov qword ptr [rbp + CFS_avg + AVG_last_update_time], r14
    mov dword ptr [rbp + CFS_avg + AVG_period_contrib], esi
    test rdx, rdx
    jnz .Lqueue_weighs
.Lqueue_weighed:
    test ecx, ecx
    jnz .Lqueue_runs
.Lqueue_done:
    mov rax, qword ptr [rbx + SE_avg + AVG_load_avg]
    add qword ptr [rbp + CFS_runnable_load_avg], rax
    mov rax, qword ptr [rbx + SE_avg + AVG_load_sum]
    add qword ptr [rbp + CFS_runnable_load_sum], rax
    test r15d, r15d
    jnz .Lload_moved
.Lload_known:
    mov rsi, rbx
    mov rdi, rbp
    call account_entity_enqueue
    mov rdi, rbp
    call update_cfs_shares
    test r13b, 0x1
    jz .Lplaced
// place_entity: a sleeper gets half a latency's credit, never more than it had
    mov rdx, qword ptr [rbp + CFS_min_vruntime]
    mov eax, dword ptr [sysctl_sched_latency]
    test byte ptr [sysctl_sched_features], SCHED_FEAT_GENTLE_FAIR_SLEEPERS
    jz .Lrough
    shr rax, 0x1
.Lrough:
    sub rdx, rax
    mov rax, qword ptr [rbx + SE_vruntime]
    mov rcx, rdx
    sub rcx, rax
    cmovs rdx, rax                                          // max_vruntime
    mov qword ptr [rbx + SE_vruntime], rdx
.Lplaced:
    cmp qword ptr [rbp + CFS_curr], rbx
    je .Lin_tree                                            // the running entity stays out of the tree
    mov rsi, rbx
    mov rdi, rbp
    call __enqueue_entity
.Lin_tree:
    mov dword ptr [rbx + SE_on_rq], 0x1
    cmp dword ptr [rbp + CFS_nr_running], 0x1
    jne .Lon_list
    cmp dword ptr [rbp + CFS_on_list], 0x0
    je .Ladd_to_list
.Lon_list:
// enqueue_task_fair again
    inc dword ptr [rbp + CFS_h_nr_running]
    mov r13d, 0x1                                           // the group wakes with its first task
    mov rbx, qword ptr [rbx + SE_parent]
    test rbx, rbx
    jnz .Llevel
    jmp .Ldone
.Lupper:
    mov rbp, qword ptr [rbx + SE_cfs_rq]
    inc dword ptr [rbp + CFS_h_nr_running]
    mov esi, 0x1
    mov rdi, rbx
    call update_load_avg
    mov rdi, rbp
    call update_cfs_shares
    mov rbx, qword ptr [rbx + SE_parent]
    test rbx, rbx
    jnz .Lupper
.Ldone:
    mov eax, dword ptr [r12 + RQ_nr_running]                // add_nr_running
    lea edx, [rax + 0x1]
    mov dword ptr [r12 + RQ_nr_running], edx
    cmp eax, 0x1
    je .Lsecond_task
.Lnr_known:
    mov rdi, r12
    call hrtick_update
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret
.Lsecond_task:
    mov rax, qword ptr [r12 + RQ_rd]
    cmp dword ptr [rax + RD_overload], 0x0
    jne .Lnr_known
    mov dword ptr [rax + RD_overload], 0x1                  // two tasks here: others may pull
    jmp .Lnr_known

.Lrenormalise:
    mov rax, qword ptr [rbp + CFS_min_vruntime]
    cmp qword ptr [rbp + CFS_curr], rbx
    je .Lrenormalise_running
    call update_curr                                        // first, so that it is placed at the current moment
    mov rax, qword ptr [rbp + CFS_min_vruntime]
    add qword ptr [rbx + SE_vruntime], rax
    jmp .Lnormal
.Lrenormalise_running:
    add qword ptr [rbx + SE_vruntime], rax
    call update_curr
    jmp .Lnormal

.Lentity_weighs:
    imul rdx, rax
    add qword ptr [rbx + SE_avg + AVG_load_sum], rdx
    jmp .Lentity_weighed
.Lentity_runs:
    shl eax, 0xa                                            // x SCHED_CAPACITY_SCALE
    add dword ptr [rbx + SE_avg + AVG_util_sum], eax
    jmp .Lqueue
.Lqueue_weighs:
    imul rdx, rax
    add qword ptr [rbp + CFS_avg + AVG_load_sum], rdx
    add qword ptr [rbp + CFS_runnable_load_sum], rdx
    jmp .Lqueue_weighed
.Lqueue_runs:
    shl eax, 0xa
    add dword ptr [rbp + CFS_avg + AVG_util_sum], eax
    jmp .Lqueue_done
.Lentity_backwards:
    mov qword ptr [rbx + SE_avg + AVG_last_update_time], r14
    jmp .Lqueue
.Lqueue_backwards:
    mov qword ptr [rbp + CFS_avg + AVG_last_update_time], r14
    jmp .Lqueue_done
// A period of 1,024 us ends
.Lentity_period:
    lea rsi, [rbx + SE_avg]
    mov rdi, r14
    xor r8d, r8d                                            // no queue
    call __update_load_avg
    jmp .Lqueue
.Lqueue_period:
    lea rsi, [rbp + CFS_avg]
    mov rdi, r14
    mov r8, rbp
    call __update_load_avg
    or r15d, eax
    jmp .Lqueue_done
.Lmigrated:
    mov r15d, 0x2
    jmp .Lqueue
.Lremoved_load:
    xor eax, eax
    xchg qword ptr [rbp + CFS_removed_load_avg], rax
    xor ecx, ecx
    sub_positive qword ptr [rbp + CFS_avg + AVG_load_avg], rax, rdx, rcx
    imul rax, rax, LOAD_AVG_MAX
    sub_positive qword ptr [rbp + CFS_avg + AVG_load_sum], rax, rdx, rcx
    or r15d, 0x1
    jmp .Lremoved_load_taken
.Lremoved_util:
    xor eax, eax
    xchg qword ptr [rbp + CFS_removed_util_avg], rax
    xor ecx, ecx
    sub_positive qword ptr [rbp + CFS_avg + AVG_util_avg], rax, rdx, rcx
    imul eax, eax, LOAD_AVG_MAX
    sub_positive dword ptr [rbp + CFS_avg + AVG_util_sum], eax, edx, ecx
    jmp .Lremoved_util_taken

.Lload_moved:
    test r15d, 0x2
    jz .Lattached
// attach_entity_load_avg: a task that was elsewhere brings its load along
    mov rax, qword ptr [rbp + CFS_avg + AVG_last_update_time]
    mov qword ptr [rbx + SE_avg + AVG_last_update_time], rax
    mov rax, qword ptr [rbx + SE_avg + AVG_load_avg]
    add qword ptr [rbp + CFS_avg + AVG_load_avg], rax
    mov rax, qword ptr [rbx + SE_avg + AVG_load_sum]
    add qword ptr [rbp + CFS_avg + AVG_load_sum], rax
    mov rax, qword ptr [rbx + SE_avg + AVG_util_avg]
    add qword ptr [rbp + CFS_avg + AVG_util_avg], rax
    mov eax, dword ptr [rbx + SE_avg + AVG_util_sum]
    add dword ptr [rbp + CFS_avg + AVG_util_sum], eax
.Lattached:
    update_tg_load_avg .Lload_known
    jmp .Lload_known

// list_add_leaf_cfs_rq: a queue with load, for the balancer. Queues come bottom-up and stay, so a group's goes before its parent's.
.Ladd_to_list:
    mov rax, qword ptr [rbp + CFS_rq]
    lea rax, [rax + RQ_leaf_cfs_rq_list_next]
    lea rdx, [rbp + CFS_leaf_cfs_rq_list_next]
    mov rcx, qword ptr [rax + LIST_prev]                    // list_add_tail_rcu
    mov qword ptr [rdx + LIST_next], rax
    mov qword ptr [rdx + LIST_prev], rcx
    mov qword ptr [rcx + LIST_next], rdx                    // rcu_assign_pointer: a release; x86 keeps stores in order
    mov qword ptr [rax + LIST_prev], rdx
    mov dword ptr [rbp + CFS_on_list], 0x1
    jmp .Lon_list
