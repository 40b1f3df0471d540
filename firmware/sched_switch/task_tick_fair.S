// static void task_tick_fair(struct rq *rq, struct task_struct *curr, int queued)
// Source: Linux 4.8, kernel/sched/fair.c, task_tick_fair with entity_tick inlined
// Entry: rdi rq, rsi curr, edx queued
// Exit:  every level has been charged; NEED_RESCHED is set where a slice is over
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state interrupt
task_tick_fair:
    push rbp
    push rbx
    lea rbx, [rsi + TASK_se]
.Llevel:
    mov rbp, qword ptr [rbx + SE_cfs_rq]
    mov rdi, rbp
    call update_curr
    mov esi, 0x1
    mov rdi, rbx
    call update_load_avg
    mov rdi, rbp
    call update_cfs_shares
    cmp dword ptr [rbp + CFS_nr_running], 0x1
    jbe .Lalone
    mov rsi, rbx
    mov rdi, rbp
    call check_preempt_tick
.Lalone:
    mov rbx, qword ptr [rbx + SE_parent]
    test rbx, rbx
    jnz .Llevel
    pop rbx
    pop rbp
    ret
