// Room for freeque's local variables
// Source: Linux 4.9, ipc/msg.c, after "ipc/msg: implement lockless pipelined wakeups"
// Entry: rsp below the saved registers
// Clobbers: rsp, flags
// Lock: q_perm.lock is held
//@ inline freeque_enter
.set FRAME_wake_q, 0x0                                      // struct wake_q_head
.set FRAME__size, 0x18
    sub rsp, FRAME__size
