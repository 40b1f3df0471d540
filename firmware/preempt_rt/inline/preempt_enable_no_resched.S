// static inline void preempt_enable_no_resched(void)
// Source: Linux 4.8, include/linux/preempt.h, sched_preempt_enable_no_resched with CONFIG_PREEMPT_COUNT
// Entry: none
// Clobbers: flags
// Lock: any
//@ inline preempt_enable_no_resched
    dec dword ptr gs:[PERCPU_preempt_count]
