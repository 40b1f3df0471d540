// The stack frame of msgctl_down
// Source: Linux 4.8, ipc/msg.c
// Entry: offsets from rsp
// Clobbers: none
// Lock: any
//@ inline msgctl_down_frame
.set FRAME__size, 0x78
