// static int select_task_rq_idle(struct task_struct *p, int cpu, int sd_flag, int flags)
// Source: Linux 4.8, kernel/sched/idle_task.c, select_task_rq_idle
// Entry: rdi p, esi cpu
// Exit:  eax the task's own core: idle tasks do not move
// Clobbers: rax
// Lock: any
//@ state scheduler
select_task_rq_idle:
    mov rax, qword ptr [rdi + TASK_stack]
    mov eax, dword ptr [rax + TI_cpu]
    ret
