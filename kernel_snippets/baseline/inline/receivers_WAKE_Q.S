// WAKE_Q(wake_q), for the receivers
// Source: Linux 4.8, ipc/msg.c: nothing; a receiver is woken at once
// Entry: \at is of no use: there is no wake queue
// Clobbers: rax, in kernels where it is something
// Lock: any
//@ inline receivers_WAKE_Q at
