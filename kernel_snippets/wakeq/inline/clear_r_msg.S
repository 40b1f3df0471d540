// msr->r_msg = NULL
// Source: Linux 4.9, ipc/msg.c, after "ipc/msg: implement lockless pipelined wakeups": nothing; r_msg
//         goes from -EAGAIN to the message in one store
// Entry: \msr a struct msg_receiver
// Clobbers: none
// Lock: q_perm.lock is held
//@ inline clear_r_msg msr
