// ss_wakeup(&msq->q_senders, 0), inlined into do_msgrcv: are there any?
// Source: Linux 4.8, ipc/msg.c
// Entry: rbx msq; \loop the label of senders_of_receive_loop; \at is of no use
// Clobbers: rax, rdi, flags
// Lock: q_perm.lock is held; every sender is woken under it
//@ inline senders_of_receive at loop
    mov rdi, qword ptr [rbx + MSQ_q_senders + LIST_next]    // mss
    lea rax, [rbx + MSQ_q_senders]
    cmp rdi, rax
    jne \loop
