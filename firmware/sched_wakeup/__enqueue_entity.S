// static void __enqueue_entity(struct cfs_rq *cfs_rq, struct sched_entity *se)
// Source: Linux 4.8, kernel/sched/fair.c, __enqueue_entity (inlined into enqueue_task_fair there)
// Entry: rdi cfs_rq, rsi se
// Exit:  se is in the tree, by vruntime; leftmost is up to date
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
__enqueue_entity:
    lea rdx, [rdi + CFS_tasks_timeline]                     // link
    xor ecx, ecx                                            // parent
    mov r8d, 0x1                                            // leftmost
    mov r9, qword ptr [rsi + SE_vruntime]
.Ldescend:
    mov rax, qword ptr [rdx]
    test rax, rax
    jz .Lplace
    mov rcx, rax
    mov r10, r9
    sub r10, qword ptr [rax + SE_vruntime - SE_run_node]
    jns .Lright                                             // entity_before: signed difference
    lea rdx, [rax + RB_left]
    jmp .Ldescend
.Lright:
    lea rdx, [rax + RB_right]
    xor r8d, r8d
    jmp .Ldescend
.Lplace:
    lea rax, [rsi + SE_run_node]
    test r8d, r8d
    jz .Lnot_leftmost
    mov qword ptr [rdi + CFS_rb_leftmost], rax
.Lnot_leftmost:
    mov qword ptr [rax + RB_parent_color], rcx              // red
    mov qword ptr [rax + RB_right], 0x0
    mov qword ptr [rax + RB_left], 0x0
    mov qword ptr [rdx], rax                                // rb_link_node
    lea rsi, [rdi + CFS_tasks_timeline]
    mov rdi, rax
    jmp rb_insert_color
