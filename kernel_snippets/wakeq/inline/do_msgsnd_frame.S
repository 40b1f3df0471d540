// The stack frame of do_msgsnd
// Source: Linux 4.9, ipc/msg.c, after "ipc/msg: implement lockless pipelined wakeups"
// Entry: offsets from rsp
// Clobbers: none
// Lock: any
//@ inline do_msgsnd_frame
.set FRAME_wake_q, 0x10                                     // struct wake_q_head
.set FRAME_mss, 0x20                                        // struct msg_sender s
.set FRAME_last_reference, 0x38
.set FRAME__size, 0x48
