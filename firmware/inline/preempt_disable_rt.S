// static inline void preempt_disable_rt(void)
// Source: PREEMPT_RT, include/linux/preempt.h: only that tree has it; in Linux 4.8, ipc/msg.c, nothing stands before r_msg = NULL
// Entry: none
// Clobbers: flags, in kernels where it is something
// Lock: q_perm.lock is held
//@ inline preempt_disable_rt
