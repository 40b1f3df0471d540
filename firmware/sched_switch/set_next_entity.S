// static void set_next_entity(struct cfs_rq *cfs_rq, struct sched_entity *se)
// Source: Linux 4.8, kernel/sched/fair.c, set_next_entity, __dequeue_entity (65 instructions, update_load_avg included)
// Entry: rdi cfs_rq, rsi se
// Exit:  se runs: out of the tree, curr of its queue, its time starts
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
set_next_entity:
    push r12
    push rbp
    push rbx
    mov rbp, rdi                                            // cfs_rq
    mov rbx, rsi                                            // se
    cmp dword ptr [rsi + SE_on_rq], 0x0
    je .Lnot_queued
    lea r12, [rsi + SE_run_node]
    cmp qword ptr [rdi + CFS_rb_leftmost], r12
    jne .Lerase
    mov rdi, r12
    call rb_next
    mov qword ptr [rbp + CFS_rb_leftmost], rax
.Lerase:
    lea rsi, [rbp + CFS_tasks_timeline]
    mov rdi, r12
    call rb_erase
    mov esi, 0x1
    mov rdi, rbx
    call update_load_avg
.Lnot_queued:
    mov rax, qword ptr [rbp + CFS_rq]
    mov rax, qword ptr [rax + RQ_clock_task]
    mov qword ptr [rbx + SE_exec_start], rax
    mov qword ptr [rbp + CFS_curr], rbx
    mov rax, qword ptr [rbx + SE_sum_exec_runtime]
    mov qword ptr [rbx + SE_prev_sum_exec_runtime], rax
    pop rbx
    pop rbp
    pop r12
    ret
