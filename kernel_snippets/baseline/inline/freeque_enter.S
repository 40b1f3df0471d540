// Room for freeque's local variables
// Source: Linux 4.8, ipc/msg.c: it has none
// Entry: rsp below the saved registers
// Clobbers: none
// Lock: q_perm.lock is held
//@ inline freeque_enter
