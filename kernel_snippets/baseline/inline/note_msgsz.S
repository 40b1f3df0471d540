// mss->msgsz = msgsz
// Source: Linux 4.8, ipc/msg.c, ss_add: nothing; every sender is woken, whether its message fits or not
// Entry: \mss, \msgsz are of no use
// Clobbers: none
// Lock: q_perm.lock is held
//@ inline note_msgsz mss msgsz
