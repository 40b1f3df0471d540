// ss_wakeup(&msq->q_senders, 1)
// Source: Linux 4.8, ipc/msg.c
// Entry: \msq a register; \at is of no use
// Clobbers: caller-saved registers
// Lock: q_perm.lock is held
//@ inline kill_senders msq at
    lea rdi, [\msq + MSQ_q_senders]
    mov esi, 0x1
    call ss_wakeup
