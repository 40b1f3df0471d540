// static inline void preempt_enable(void)
// Source: Linux 4.8, include/linux/preempt.h, preempt_enable: nothing without CONFIG_PREEMPT_COUNT
// Entry: none
// Clobbers: flags, in kernels where it is something
// Lock: any; where it is something, this task may lose its core here
//@ inline preempt_enable
