// msg = msr_d.r_msg, without the lock
// Source: Linux 4.8, ipc/msg.c, do_msgrcv: NULL means that a sender is on its way to r_msg; wait until it is there
// Entry: \msr where the struct msg_receiver is: an address without its brackets
// Clobbers: \msg: a message, or an error, on exit; flags
// Lock: not held
//@ inline lockless_receive msg msr
// smp_rmb: r_msg is loaded after what came before; x86 keeps loads in order
    //@ load r_msg
    mov \msg, qword ptr [\msr + MSR_r_msg]
    test \msg, \msg
    jne .Lanswered
.Lspin:
    pause                                                   // cpu_relax
// smp_rmb: r_msg is loaded after what came before; x86 keeps loads in order
    //@ load r_msg
    mov \msg, qword ptr [\msr + MSR_r_msg]
    test \msg, \msg
    je .Lspin
.Lanswered:
