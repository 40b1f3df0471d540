// static void account_entity_enqueue(struct cfs_rq *cfs_rq, struct sched_entity *se)
// Source: Linux 4.8, kernel/sched/fair.c, account_entity_enqueue (30 instructions for two levels)
// Entry: rdi cfs_rq, rsi se
// Exit:  the queue's weight and count contain se; a task is on the runqueue's list of tasks
// Clobbers: rax rdx r8
// Lock: rq->lock held
//@ state scheduler
account_entity_enqueue:
    mov rax, qword ptr [rsi + SE_load_weight]
    add qword ptr [rdi + CFS_load_weight], rax
    mov dword ptr [rdi + CFS_load_inv_weight], 0x0          // to be computed when next needed
    mov rdx, qword ptr [rdi + CFS_rq]
    cmp qword ptr [rsi + SE_parent], 0x0
    jne .Linner
    add qword ptr [rdx + RQ_load_weight], rax
    mov dword ptr [rdx + RQ_load_inv_weight], 0x0
.Linner:
    cmp qword ptr [rsi + SE_my_q], 0x0
    jne .Lgroup
    lea rax, [rdx + RQ_cfs_tasks_next]                      // list_add
    mov r8, qword ptr [rax + LIST_next]
    lea rdx, [rsi + SE_group_node_next]
    __list_add rdx, rax, r8
.Lgroup:
    inc dword ptr [rdi + CFS_nr_running]
    ret
