// The stack frame of do_msgsnd
// Source: Linux 4.8, ipc/msg.c
// Entry: offsets from rsp
// Clobbers: none
// Lock: any
//@ inline do_msgsnd_frame
.set FRAME_mss, 0x10                                        // struct msg_sender s
.set FRAME_last_reference, 0x28
.set FRAME__size, 0x38
