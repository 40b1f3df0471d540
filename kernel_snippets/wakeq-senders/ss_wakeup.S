// static void ss_wakeup(struct msg_queue *msq, struct wake_q_head *wake_q, bool kill)
// Source: Linux 4.9, ipc/msg.c, ss_wakeup with msg_fits_inqueue, for the control calls; do_msgrcv has it inlined
// Entry: rdi msq, rsi wake_q, edx kill: the queue is being removed
// Exit:  the senders that can go on are on the wake queue, those whose message does not fit at the end of the line
// Clobbers: caller-saved registers
// Lock: q_perm.lock is held
//@ state kernel
//
// rbx mss, rbp t, r12 h, r13 msq, r14 stop_tsk, r15 wake_q
.set .Lkill, 0x0
.set .Lframe, 0x8
ss_wakeup:
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    sub rsp, .Lframe
    mov r13, rdi
    mov r15, rsi
    mov dword ptr [rsp + .Lkill], edx
    xor r14d, r14d
    lea r12, [rdi + MSQ_q_senders]
    mov rbx, qword ptr [r12 + LIST_next]
    cmp rbx, r12
    je .Lout
.Lsender:
    mov rbp, qword ptr [rbx + MSS_list + LIST_next]
    cmp dword ptr [rsp + .Lkill], 0x0
    je .Lstays
    mov qword ptr [rbx + MSS_list + LIST_next], 0x0         // the sender has no list to leave any more
.Lwake:
    mov rdi, r15
    mov rsi, qword ptr [rbx + MSS_tsk]
    call wake_q_add
.Lnext:
    mov rbx, rbp
    cmp rbp, r12
    jne .Lsender
.Lout:
    add rsp, .Lframe
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret

// The first that was not woken comes round again: all have been looked at.
.Lstays:
    cmp r14, qword ptr [rbx + MSS_tsk]
    je .Lout
    mov rdx, qword ptr [r13 + MSQ_q_qbytes]                 // msg_fits_inqueue
    mov rax, qword ptr [r13 + MSQ_q_cbytes]
    add rax, qword ptr [rbx + MSS_msgsz]
    cmp rax, rdx
    ja .Ldoes_not_fit
    mov rax, qword ptr [r13 + MSQ_q_qnum]
    inc rax
    cmp rax, rdx
    jbe .Lwake
.Ldoes_not_fit:
    test r14, r14
    jne .Lmove
    mov r14, qword ptr [rbx + MSS_tsk]
.Lmove:
    mov rax, qword ptr [rbx + MSS_list + LIST_prev]         // list_move_tail
    mov rdx, qword ptr [rbx + MSS_list + LIST_next]
    __list_del rax, rdx
    list_add_tail rbx, r12, rax
    jmp .Lnext
