// The stack frame of msgctl_down
// Source: Linux 4.9, ipc/msg.c, after "ipc/msg: implement lockless pipelined wakeups"
// Entry: offsets from rsp
// Clobbers: none
// Lock: any
//@ inline msgctl_down_frame
.set FRAME_wake_q, 0x78                                     // struct wake_q_head
.set FRAME__size, 0x88
