// #define WAKE_Q(name) struct wake_q_head name = { WAKE_Q_TAIL, &name.first }
// Source: Linux 4.8, include/linux/sched.h, WAKE_Q
// Entry: \at where it is: an address without its brackets; \scratch a register
// Exit:  an empty wake queue
// Clobbers: \scratch
// Lock: any
//@ inline WAKE_Q at scratch
    lea \scratch, [\at]
    mov qword ptr [\at + WAKEQ_first], WAKE_Q_TAIL
    mov qword ptr [\at + WAKEQ_lastp], \scratch
