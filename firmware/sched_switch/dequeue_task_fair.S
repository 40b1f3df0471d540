// static void dequeue_task_fair(struct rq *rq, struct task_struct *p, int flags)
// Source: Linux 4.8, kernel/sched/fair.c, dequeue_task_fair with dequeue_entity inlined (252 instructions for two levels,
//         236 when the group keeps its place; update_load_avg included)
// Entry: rdi rq, rsi p, edx flags (1: DEQUEUE_SLEEP); interrupts off
// Exit:  p is on no queue; its group's entity leaves the root queue when p was the group's last
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
dequeue_task_fair:
    push r14
    push r13
    push r12
    push rbp
    push rbx
    mov r12, rdi                                            // rq
    mov r13d, edx                                           // flags
    mov r14d, edx                                           // bit 0: task_sleep
    lea rbx, [rsi + TASK_se]                                // se
.Llevel:
    mov rbp, qword ptr [rbx + SE_cfs_rq]
// dequeue_entity
    mov rdi, rbp
    call update_curr
    mov esi, 0x1
    mov rdi, rbx
    call update_load_avg
    xor ecx, ecx
    mov rax, qword ptr [rbp + CFS_runnable_load_avg]
    sub rax, qword ptr [rbx + SE_avg + AVG_load_avg]
    cmovs rax, rcx                                          // never below zero
    mov qword ptr [rbp + CFS_runnable_load_avg], rax
    mov rax, qword ptr [rbp + CFS_runnable_load_sum]
    sub rax, qword ptr [rbx + SE_avg + AVG_load_sum]
    cmovs rax, rcx
    mov qword ptr [rbp + CFS_runnable_load_sum], rax
    mov rsi, rbx
    mov rdi, rbp
    call clear_buddies
    cmp qword ptr [rbp + CFS_curr], rbx
    je .Lout_of_tree                                        // the running entity is not in the tree
    lea rdi, [rbx + SE_run_node]
    cmp qword ptr [rbp + CFS_rb_leftmost], rdi
    jne .Lerase
    call rb_next
    mov qword ptr [rbp + CFS_rb_leftmost], rax
.Lerase:
    lea rsi, [rbp + CFS_tasks_timeline]
    lea rdi, [rbx + SE_run_node]
    call rb_erase
.Lout_of_tree:
    mov dword ptr [rbx + SE_on_rq], 0x0
    mov rsi, rbx
    mov rdi, rbp
    call account_entity_dequeue
    test r13b, DEQUEUE_SLEEP
    jnz .Lkeep_vruntime
    mov rax, qword ptr [rbp + CFS_min_vruntime]
    sub qword ptr [rbx + SE_vruntime], rax                  // on the way to another queue: relative
.Lkeep_vruntime:
    mov rdi, rbp
    call update_min_vruntime
    mov rdi, rbp
    call update_cfs_shares
// dequeue_task_fair again
    dec dword ptr [rbp + CFS_h_nr_running]
    cmp qword ptr [rbp + CFS_load_weight], 0x0
    jne .Lothers_queued
    mov rbx, qword ptr [rbx + SE_parent]
    or r13d, 0x1                                            // the group goes to sleep with its last task
    test rbx, rbx
    jnz .Llevel
    jmp .Loff_root
.Lothers_queued:
    mov rbx, qword ptr [rbx + SE_parent]
    test r14b, 0x1
    jz .Lupper_levels
    mov rax, rbx
.Lnext_buddy:                                               // the group may go on: it has used less than its share
    test rax, rax
    jz .Lupper_levels
    mov rdx, qword ptr [rax + SE_cfs_rq]
    mov qword ptr [rdx + CFS_next], rax
    mov rax, qword ptr [rax + SE_parent]
    jmp .Lnext_buddy
.Lupper_levels:
    test rbx, rbx
    jz .Loff_root
.Lupper:
    mov rbp, qword ptr [rbx + SE_cfs_rq]
    dec dword ptr [rbp + CFS_h_nr_running]
    mov esi, 0x1
    mov rdi, rbx
    call update_load_avg
    mov rdi, rbp
    call update_cfs_shares
    mov rbx, qword ptr [rbx + SE_parent]
    test rbx, rbx
    jnz .Lupper
.Loff_root:
    dec dword ptr [r12 + RQ_nr_running]                     // sub_nr_running
    mov rdi, r12
    call hrtick_update
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    ret
