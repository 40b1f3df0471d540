// Nothing: ss_wakeup is called
// Source: Linux 4.9, ipc/msg.c, do_msgrcv, after "ipc/msg: batch queue sender wakeups"
// Entry: \next, \loop, \out are of no use
// Clobbers: none
// Lock: q_perm.lock is held
//@ inline senders_of_receive_loop next loop out
