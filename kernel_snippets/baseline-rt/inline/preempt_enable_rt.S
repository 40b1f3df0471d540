// static inline void preempt_enable_rt(void)
// Source: PREEMPT_RT, include/linux/preempt.h; ipc-make-rt-aware.patch (2009) puts it behind the last store to r_msg
// Entry: none
// Clobbers: flags, in kernels where it is something
// Lock: q_perm.lock is held
//@ inline preempt_enable_rt
    preempt_enable
