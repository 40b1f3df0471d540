// expunge_all's argument &wake_q
// Source: Linux 4.8, ipc/msg.c, expunge_all: it has none
// Entry: \register, \at are of no use: there is no wake queue
// Clobbers: \register, in kernels where it is something
// Lock: q_perm.lock is held
//@ inline receivers_wake_q_argument register at
