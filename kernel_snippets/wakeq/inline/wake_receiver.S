// wake_q_add(&wake_q, msr->r_tsk)
// Source: Linux 4.9, ipc/msg.c, pipelined_send, after "ipc/msg: implement lockless pipelined wakeups"
// Entry: \msr a struct msg_receiver, \at where the wake queue is: an address without its brackets
// Clobbers: caller-saved registers
// Lock: q_perm.lock is held
//@ inline wake_receiver msr at
    lea rdi, [\at]
    mov rsi, qword ptr [\msr + MSR_r_tsk]
    call wake_q_add
