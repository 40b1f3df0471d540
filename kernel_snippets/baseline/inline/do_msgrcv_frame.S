// The stack frame of do_msgrcv
// Source: Linux 4.8, ipc/msg.c
// Entry: offsets from rsp
// Clobbers: none
// Lock: any
//@ inline do_msgrcv_frame
.set FRAME__size, 0x80
