// void resched_curr(struct rq *rq)
// Source: Linux 4.8, kernel/sched/core.c, resched_curr (20 instructions for another core's)
// Entry: rdi rq
// Exit:  the running task has NEED_RESCHED; its core has been interrupted if it is another one and does not poll
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
resched_curr:
    mov rax, qword ptr [rdi + RQ_curr]
    mov rdx, qword ptr [rax + TASK_stack]
    mov eax, dword ptr [rdx + TI_flags]
    test al, 0x8                                            // NEED_RESCHED already
    jnz .Lout
    mov edi, dword ptr [rdi + RQ_cpu]
    cmp edi, dword ptr gs:[PERCPU_cpu_number]
    je .Llocal
// set_nr_and_not_polling: fetch_or
.Lagain:
    mov ecx, eax
    or ecx, 0x8
    lock cmpxchg dword ptr [rdx + TI_flags], ecx
    jne .Lagain
    test eax, 0x200000                                      // POLLING_NRFLAG: it will see the flag by itself
    jnz .Lout
    jmp native_smp_send_reschedule
.Llocal:
    lock or dword ptr [rdx + TI_flags], 0x8
    and dword ptr gs:[PERCPU_preempt_count], 0x7fffffff     // the inverted need-resched bit
.Lout:
    ret
