// static inline void update_tg_load_avg(struct cfs_rq *cfs_rq, int force)
// Source: Linux 4.8, kernel/sched/fair.c, update_tg_load_avg, with force 0
// Entry: rbp cfs_rq; \done where to go when nothing is to be told
// Clobbers: rax rcx rdx rsi rdi, flags
// Lock: rq->lock is held
//@ inline update_tg_load_avg done
    mov rcx, qword ptr [rbp + CFS_tg]
    cmp rcx, root_task_group
    je \done                                                // its average is of no use to anybody
    mov rax, qword ptr [rbp + CFS_avg + AVG_load_avg]
    mov rsi, qword ptr [rbp + CFS_tg_load_avg_contrib]
    mov rdx, rax
    sub rdx, rsi
    mov rdi, rdx
    neg rdi
    cmovs rdi, rdx                                          // |delta|
    shr rsi, 0x6
    cmp rdi, rsi
    jle \done                                               // within 1/64: not worth the shared line
    lock add qword ptr [rcx + TG_load_avg], rdx
    mov qword ptr [rbp + CFS_tg_load_avg_contrib], rax
