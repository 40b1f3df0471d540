// The end of freeque's local variables
// Source: Linux 4.8, ipc/msg.c: it has none
// Entry: rsp as freeque_enter left it
// Clobbers: none
// Lock: none held
//@ inline freeque_leave
