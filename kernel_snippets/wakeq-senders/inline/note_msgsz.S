// mss->msgsz = msgsz
// Source: Linux 4.9, ipc/msg.c, ss_add, after "ipc/msg: avoid waking sender upon full queue"
// Entry: \mss where the struct msg_sender is: an address without its brackets; \msgsz a register
// Clobbers: none
// Lock: q_perm.lock is held
//@ inline note_msgsz mss msgsz
    mov qword ptr [\mss + MSS_msgsz], \msgsz
