// WAKE_Q(wake_q), for the receivers
// Source: Linux 4.9, ipc/msg.c, after "ipc/msg: implement lockless pipelined wakeups"
// Entry: \at where the struct wake_q_head is: an address without its brackets
// Clobbers: rax
// Lock: any
//@ inline receivers_WAKE_Q at
    WAKE_Q \at, rax
