// ss_wakeup(msq, &wake_q, true)
// Source: Linux 4.9, ipc/msg.c, after "ipc/msg: batch queue sender wakeups"
// Entry: \msq a register, \at where the wake queue is: an address without its brackets
// Clobbers: caller-saved registers
// Lock: q_perm.lock is held
//@ inline kill_senders msq at
    mov rdi, \msq
    lea rsi, [\at]
    mov edx, 0x1
    call ss_wakeup
