// static inline void preempt_enable_no_resched(void)
// Source: Linux 4.8, include/linux/preempt.h, sched_preempt_enable_no_resched: nothing without CONFIG_PREEMPT_COUNT
// Entry: none
// Clobbers: flags, in kernels where it is something
// Lock: any
//@ inline preempt_enable_no_resched
