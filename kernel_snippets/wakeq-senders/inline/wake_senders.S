// ss_wakeup(msq, &wake_q, false)
// Source: Linux 4.9, ipc/msg.c, after "ipc/msg: batch queue sender wakeups"
// Entry: \msq a register, \at where the wake queue is: an address without its brackets
// Clobbers: caller-saved registers
// Lock: q_perm.lock is held
//@ inline wake_senders msq at
    mov rdi, \msq
    lea rsi, [\at]
    xor edx, edx
    call ss_wakeup
