// static void put_prev_entity(struct cfs_rq *cfs_rq, struct sched_entity *prev)
// Source: Linux 4.8, kernel/sched/fair.c, put_prev_entity with update_load_avg inlined (21 instructions if prev sleeps)
// Entry: rdi cfs_rq, rsi prev
// Exit:  nothing of cfs_rq runs; prev is back in the tree if it is still queued
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
put_prev_entity:
    push r14
    push r13
    push r12
    push rbp
    push rbx
    mov rbp, rdi                                            // cfs_rq
    mov rbx, rsi                                            // prev
    cmp dword ptr [rsi + SE_on_rq], 0x0
    jne .Lqueued                                            // else all was done when it was dequeued
.Lput:
    mov qword ptr [rbp + CFS_curr], 0x0
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    ret
.Lqueued:
    call update_curr
    mov rsi, rbx
    mov rdi, rbp
    call __enqueue_entity
    xor r13d, r13d                                          // the task group need not know
    load_averages
    jmp .Lput
