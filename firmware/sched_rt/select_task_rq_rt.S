// static int select_task_rq_rt(struct task_struct *p, int cpu, int sd_flag, int flags)
// Source: own. Linux 4.8 (kernel/sched/rt.c) looks for a core with a lower priority when the task's own is busy with a higher one;
//         here a real-time task stays on its core
// Entry: rdi p, esi cpu
// Exit:  eax cpu
// Clobbers: rax
// Lock: p->pi_lock held
//@ state scheduler
select_task_rq_rt:
    mov eax, esi
    ret
