// static void ss_wakeup(struct list_head *h, int kill)
// Source: Linux 4.8, ipc/msg.c, ss_wakeup, for the control calls; do_msgrcv has it inlined
// Entry: rdi h, the queue's q_senders; esi kill: the queue is being removed
// Exit:  every blocked sender has been woken
// Clobbers: caller-saved registers
// Lock: q_perm.lock is held
//@ state kernel
//
// rbx mss, rbp t, r12 h, r13d kill
ss_wakeup:
    push r13
    push r12
    push rbp
    push rbx
    mov r12, rdi
    mov r13d, esi
    mov rbx, qword ptr [rdi + LIST_next]
    cmp rbx, rdi
    je .Lout
.Lsender:
    mov rbp, qword ptr [rbx + MSS_list + LIST_next]
    test r13d, r13d
    je .Lwake
    mov qword ptr [rbx + MSS_list + LIST_next], 0x0         // the sender has no list to leave any more
.Lwake:
    mov rdi, qword ptr [rbx + MSS_tsk]
    call wake_up_process
    mov rbx, rbp
    cmp rbp, r12
    jne .Lsender
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
