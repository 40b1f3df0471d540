// static void enqueue_task_fair(struct rq *rq, struct task_struct *p, int flags)
// Source: Linux 4.8, kernel/sched/fair.c, enqueue_task_fair with enqueue_entity and place_entity inlined (274 to 310 instructions for two levels, update_load_avg included)
// Entry: rdi rq, rsi p, edx flags (0x1 ENQUEUE_WAKEUP, 0x20 ENQUEUE_MIGRATED)
// Exit:  p is queued, and its group's entity too
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
enqueue_task_fair:
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
    mov rbp, qword ptr [rbx + SE_cfs_rq]
// enqueue_entity
    xor r14d, r14d                                          // renorm: vruntime is relative, to be made absolute
    test r13b, 0x1                                          // ENQUEUE_WAKEUP
    jz .Lrenorm
    test r13b, 0x20                                         // ENQUEUE_MIGRATED
    jz .Lno_renorm
.Lrenorm:
    inc r14d
.Lno_renorm:
    mov rdi, rbp
    call update_curr
    test r14d, r14d
    jz .Labsolute
    mov rax, qword ptr [rbp + CFS_min_vruntime]
    add qword ptr [rbx + SE_vruntime], rax
.Labsolute:
// enqueue_entity_load_avg
    cmp qword ptr [rbx + SE_avg + AVG_last_update_time], 0x0
    je .Lattach
.Lattached:
    mov esi, 0x1
    mov rdi, rbx
    call update_load_avg
    mov rax, qword ptr [rbx + SE_avg + AVG_load_avg]
    add qword ptr [rbp + CFS_runnable_load_avg], rax
    mov rax, qword ptr [rbx + SE_avg + AVG_load_sum]
    add qword ptr [rbp + CFS_runnable_load_sum], rax
    mov rsi, rbx
    mov rdi, rbp
    call account_entity_enqueue
    mov rdi, rbp
    call update_cfs_shares
    test r13b, 0x1
    jz .Lplaced
// place_entity: a sleeper gets half a latency's credit, never more than it had
    mov rdx, qword ptr [rbp + CFS_min_vruntime]
    mov rax, qword ptr [sysctl_sched_latency]
    mov ecx, dword ptr [sysctl_sched_features]
    test cl, 0x1                                            // GENTLE_FAIR_SLEEPERS
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
    je .Lruns                                               // the running entity stays out of the tree
    mov rsi, rbx
    mov rdi, rbp
    call __enqueue_entity
.Lruns:
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
    jne .Lnot_overloaded
    mov rax, qword ptr [r12 + RQ_rd]
    cmp dword ptr [rax + RD_overload], 0x0
    jne .Lnot_overloaded
    mov dword ptr [rax + RD_overload], 0x1                  // two tasks here: others may pull
.Lnot_overloaded:
    mov rdi, r12
    call hrtick_update
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    ret
// attach_entity_load_avg: a task that was elsewhere brings its load along
.Lattach:
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
    jmp .Lattached
// list_add_leaf_cfs_rq: a queue with load, for the balancer
.Ladd_to_list:
    mov rax, qword ptr [rbp + CFS_rq]
    lea rax, [rax + RQ_leaf_cfs_rq_list_next]
    lea rdx, [rbp + CFS_leaf_cfs_rq_list_next]
    mov rcx, qword ptr [rax + LIST_next]
    mov qword ptr [rcx + LIST_prev], rdx
    mov qword ptr [rdx + LIST_next], rcx
    mov qword ptr [rdx + LIST_prev], rax
    mov qword ptr [rax + LIST_next], rdx
    mov dword ptr [rbp + CFS_on_list], 0x1
    jmp .Lon_list
