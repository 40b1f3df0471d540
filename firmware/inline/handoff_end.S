// static inline void handoff_end(void)
// Source: Linux 4.8, ipc/msg.c: nothing stands behind the last store to r_msg; the PREEMPT_RT tree has preempt_enable_rt() there
// Entry: none
// Clobbers: flags, in kernels where it is something
// Lock: q_perm.lock is held
//@ inline handoff_end
