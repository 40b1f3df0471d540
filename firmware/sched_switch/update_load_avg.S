// static void update_load_avg(struct sched_entity *se, int update_tg)
// Source: Linux 4.8, kernel/sched/fair.c, update_load_avg (the compiler inlines it into its callers: their rows in path-lengths.csv contain it)
// Entry: rdi se, esi nonzero: tell the task group; interrupts off
// Exit:  load averages of se and of its queue are up to now
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
update_load_avg:
    push r14
    push r13
    push r12
    push rbp
    push rbx
    mov rbx, rdi                                            // se
    mov rbp, qword ptr [rdi + SE_cfs_rq]                    // cfs_rq
    mov r13d, esi                                           // update_tg
    load_averages
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    ret
