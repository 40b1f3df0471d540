// static inline void schedule_debug(int disables)
// Source: Linux 4.8, kernel/sched/core.c, schedule_debug and finish_task_switch: is the count what it is at every switch?
// Entry: \disables how often a kernel that counts has disabled preemption here; this one never does. \otherwise where to go if not
// Clobbers: eax, flags
// Lock: any
//@ inline expect_preempt_count disables otherwise
    mov eax, dword ptr gs:[PERCPU_preempt_count]
    and eax, 0x7fffffff
    jnz \otherwise
