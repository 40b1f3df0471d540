// wake_up_q(&wake_q), for the receivers
// Source: Linux 4.9, ipc/msg.c, after "ipc/msg: implement lockless pipelined wakeups"
// Entry: \at where the struct wake_q_head is: an address without its brackets
// Clobbers: caller-saved registers
// Lock: none held
//@ inline receivers_wake_up_q at
    lea rdi, [\at]
    call wake_up_q
