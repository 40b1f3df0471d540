// static inline void preempt_disable(void)
// Source: Linux 4.8, include/linux/preempt.h, preempt_disable: nothing without CONFIG_PREEMPT_COUNT
// Entry: none
// Clobbers: flags, in kernels where it is something
// Lock: any
//@ inline preempt_disable
