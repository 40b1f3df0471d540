// WAKE_Q(wake_q) of do_msgrcv, for the senders
// Source: Linux 4.9, ipc/msg.c, after "ipc/msg: batch queue sender wakeups"
// Entry: \at where the struct wake_q_head is: an address without its brackets
// Clobbers: r9
// Lock: none held
//@ inline senders_WAKE_Q at
    WAKE_Q \at, r9
