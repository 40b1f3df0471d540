// wake_up_q(&wake_q), for the receivers
// Source: Linux 4.8, ipc/msg.c: nothing; a receiver is woken at once
// Entry: \at is of no use: there is no wake queue
// Clobbers: caller-saved registers, in kernels where it is something
// Lock: none held
//@ inline receivers_wake_up_q at
