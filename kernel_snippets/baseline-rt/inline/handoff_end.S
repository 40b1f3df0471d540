// static inline void handoff_end(void)
// Source: PREEMPT_RT, ipc-make-rt-aware.patch (2009): preempt_enable_rt() behind the last store to r_msg
// Entry: none
// Clobbers: flags, in kernels where it is something
// Lock: q_perm.lock is held
//@ inline handoff_end
    preempt_enable
