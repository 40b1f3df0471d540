// ss_wakeup(msq, &wake_q, false), called
// Source: Linux 4.9, ipc/msg.c, do_msgrcv, after "ipc/msg: batch queue sender wakeups"
// Entry: rbx msq, \at where the wake queue is: an address without its brackets; \loop is of no use
// Clobbers: caller-saved registers
// Lock: q_perm.lock is held
//@ inline senders_of_receive at loop
    wake_senders rbx, \at
