// WAKE_Q(wake_q) of do_msgrcv, for the senders
// Source: Linux 4.8, ipc/msg.c: nothing; a sender is woken at once
// Entry: \at is of no use: there is no wake queue
// Clobbers: r9, in kernels where it is something
// Lock: none held
//@ inline senders_WAKE_Q at
