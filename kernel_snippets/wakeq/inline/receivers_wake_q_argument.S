// expunge_all's argument &wake_q
// Source: Linux 4.9, ipc/msg.c, after "ipc/msg: implement lockless pipelined wakeups"
// Entry: \at where the struct wake_q_head is: an address without its brackets
// Clobbers: \register: its address, on exit
// Lock: q_perm.lock is held
//@ inline receivers_wake_q_argument register at
    lea \register, [\at]
