// The end of freeque's local variables
// Source: Linux 4.9, ipc/msg.c, after "ipc/msg: implement lockless pipelined wakeups"
// Entry: rsp as freeque_enter left it
// Clobbers: rsp, flags
// Lock: none held
//@ inline freeque_leave
    add rsp, FRAME__size
