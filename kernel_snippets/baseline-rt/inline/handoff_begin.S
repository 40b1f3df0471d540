// static inline void handoff_begin(void)
// Source: PREEMPT_RT, ipc-make-rt-aware.patch (2009): preempt_disable_rt() before r_msg = NULL
// Entry: none
// Clobbers: flags, in kernels where it is something
// Lock: q_perm.lock is held
//@ inline handoff_begin
    preempt_disable
