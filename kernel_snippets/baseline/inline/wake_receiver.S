// wake_up_process(msr->r_tsk); smp_wmb()
// Source: Linux 4.8, ipc/msg.c, pipelined_send
// Entry: \msr a struct msg_receiver; \at is of no use
// Clobbers: caller-saved registers
// Lock: q_perm.lock is held
//@ inline wake_receiver msr at
    mov rdi, qword ptr [\msr + MSR_r_tsk]
    call wake_up_process
// smp_wmb: r_msg is stored after the wakeup; x86 keeps stores in order
