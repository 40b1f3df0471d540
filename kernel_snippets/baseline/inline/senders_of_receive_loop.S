// ss_wakeup(&msq->q_senders, 0), inlined into do_msgrcv: all of them
// Source: Linux 4.8, ipc/msg.c
// Entry: rbx msq, rdi mss; \next a free place of 8 bytes: an address without its brackets; \loop
//        this routine's label, \out where it goes on
// Clobbers: caller-saved registers
// Lock: q_perm.lock is held
//@ inline senders_of_receive_loop next loop out
\loop:
    mov rax, qword ptr [rdi + MSS_list + LIST_next]         // t: after its wakeup mss may be gone
    mov qword ptr [\next], rax
    mov rdi, qword ptr [rdi + MSS_tsk]
    call wake_up_process
    mov rdi, qword ptr [\next]
    lea rax, [rbx + MSQ_q_senders]
    cmp rdi, rax
    jne \loop
    jmp \out
