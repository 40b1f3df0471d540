// The stack frame of do_msgrcv
// Source: Linux 4.9, ipc/msg.c, as released
// Entry: offsets from rsp
// Clobbers: none
// Lock: any
//@ inline do_msgrcv_frame
.set FRAME_wake_q, 0x78                                     // struct wake_q_head
.set FRAME__size, 0xc0                                      // msr_d lies on its two lines as in a frame of 0x80
