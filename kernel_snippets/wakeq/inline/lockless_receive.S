// msg = READ_ONCE(msr_d.r_msg), without the lock
// Source: Linux 4.9, ipc/msg.c, do_msgrcv, after "ipc/msg: implement lockless pipelined wakeups": the message
//         is there before the wakeup is
// Entry: \msr where the struct msg_receiver is: an address without its brackets
// Clobbers: \msg: a message, or an error, on exit
// Lock: not held
//@ inline lockless_receive msg msr
    //@ load r_msg
    mov \msg, qword ptr [\msr + MSR_r_msg]
