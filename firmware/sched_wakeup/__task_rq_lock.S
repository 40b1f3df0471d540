// struct rq *__task_rq_lock(struct task_struct *p)
// Source: Linux 4.8, kernel/sched/core.c, __task_rq_lock
// Entry: rdi p
// Exit:  rax the rq that p belongs to
// Clobbers: caller-saved registers
// Lock: p->pi_lock held; takes rq->lock
//@ state scheduler
__task_rq_lock:
    push rbp
    push rbx
    mov rbp, rdi                                            // p
.Lagain:
    mov rax, qword ptr [rbp + TASK_stack]
    mov eax, dword ptr [rax + TI_cpu]
    mov rax, qword ptr [__per_cpu_offset + rax*8]
    mov rbx, qword ptr [rax + PERCPU_runqueue]              // rq
    mov rdi, rbx
    call _raw_spin_lock
    mov rax, qword ptr [rbp + TASK_stack]
    mov eax, dword ptr [rax + TI_cpu]
    mov rax, qword ptr [__per_cpu_offset + rax*8]
    cmp rbx, qword ptr [rax + PERCPU_runqueue]
    jne .Lmoved                                             // it went to another queue in the meantime
    cmp dword ptr [rbp + TASK_on_rq], TASK_ON_RQ_MIGRATING
    je .Lmoved
    mov rax, rbx
    pop rbx
    pop rbp
    ret
.Lmoved:
    raw_spin_unlock [rbx + RQ_lock]
.Lwait:
    cmp dword ptr [rbp + TASK_on_rq], TASK_ON_RQ_MIGRATING
    jne .Lagain
    pause
    jmp .Lwait
