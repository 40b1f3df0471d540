// static inline void schedule_debug(int disables)
// Source: Linux 4.8, kernel/sched/core.c, schedule_debug (in_atomic_preempt_off) and finish_task_switch
// Entry: \disables how often preemption must be disabled here; \otherwise where to go if it is not
// Clobbers: eax, flags
// Lock: any
//@ inline expect_preempt_count disables otherwise
    mov eax, dword ptr gs:[PERCPU_preempt_count]
    and eax, 0x7fffffff
    cmp eax, \disables
    jne \otherwise
