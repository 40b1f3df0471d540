// msr->r_msg = NULL
// Source: Linux 4.8, ipc/msg.c, pipelined_send: from here to the last store to r_msg the receiver, once awake, spins
// Entry: \msr a struct msg_receiver
// Clobbers: none
// Lock: q_perm.lock is held
//@ inline clear_r_msg msr
    mov qword ptr [\msr + MSR_r_msg], 0x0
