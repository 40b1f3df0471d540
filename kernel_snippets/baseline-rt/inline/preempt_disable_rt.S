// static inline void preempt_disable_rt(void)
// Source: PREEMPT_RT, include/linux/preempt.h; ipc-make-rt-aware.patch (2009) puts it before r_msg = NULL
// Entry: none
// Clobbers: flags, in kernels where it is something
// Lock: q_perm.lock is held
//@ inline preempt_disable_rt
    preempt_disable
