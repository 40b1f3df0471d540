// static inline void handoff_begin(void)
// Source: Linux 4.8, ipc/msg.c: nothing stands before r_msg = NULL; the PREEMPT_RT tree has preempt_disable_rt() there
// Entry: none
// Clobbers: flags, in kernels where it is something
// Lock: q_perm.lock is held
//@ inline handoff_begin
