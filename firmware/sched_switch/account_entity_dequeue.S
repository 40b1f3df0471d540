// static void account_entity_dequeue(struct cfs_rq *cfs_rq, struct sched_entity *se)
// Source: Linux 4.8, kernel/sched/fair.c, account_entity_dequeue (14 instructions)
// Entry: rdi cfs_rq, rsi se
// Exit:  weight and number of entities of cfs_rq are without se
// Clobbers: rax rdx
// Lock: rq->lock held
//@ state scheduler
account_entity_dequeue:
    mov rax, qword ptr [rsi + SE_load_weight]
    sub qword ptr [rdi + CFS_load_weight], rax
    mov dword ptr [rdi + CFS_load_inv_weight], 0x0          // to be computed when next needed
    cmp qword ptr [rsi + SE_parent], 0x0
    jne .Linner
    mov rdx, qword ptr [rdi + CFS_rq]
    sub qword ptr [rdx + RQ_load_weight], rax
    mov dword ptr [rdx + RQ_load_inv_weight], 0x0
.Linner:
    cmp qword ptr [rsi + SE_my_q], 0x0
    jne .Lgroup
    mov rax, qword ptr [rsi + SE_group_node_next]           // list_del_init: off the queue's list of tasks
    mov rdx, qword ptr [rsi + SE_group_node_prev]
    __list_del rdx, rax
    lea rax, [rsi + SE_group_node_next]
    mov qword ptr [rsi + SE_group_node_next], rax
    mov qword ptr [rsi + SE_group_node_prev], rax
.Lgroup:
    dec dword ptr [rdi + CFS_nr_running]
    ret
