// void resched_curr(struct rq *rq)
// Source: Linux 4.8, kernel/sched/core.c, resched_curr with set_nr_and_not_polling inlined (20 instructions for another core's)
// Entry: rdi rq
// Exit:  the running task has NEED_RESCHED; its core has been interrupted if it is another one and does not poll
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
resched_curr:
    mov rax, qword ptr [rdi + RQ_curr]
    mov rdx, qword ptr [rax + TASK_stack]
    mov esi, dword ptr [rdx + TI_flags]
    test sil, _TIF_NEED_RESCHED                             // already
    jnz .Lout
    mov edi, dword ptr [rdi + RQ_cpu]
    mov eax, dword ptr gs:[PERCPU_cpu_number]
    cmp edi, eax
    je .Llocal
// fetch_or: the old flags say whether that core was polling at the moment the bit was set
.Lagain:
    mov ecx, esi
    or ecx, _TIF_NEED_RESCHED
    mov eax, esi
    lock cmpxchg dword ptr [rdx + TI_flags], ecx
    cmp eax, esi
    jne .Lchanged
    test esi, _TIF_POLLING_NRFLAG                           // it will see the flag by itself
    jnz .Lout
    jmp qword ptr [smp_ops + SMPOPS_smp_send_reschedule]
.Lchanged:
    mov esi, eax
    jmp .Lagain
.Llocal:
    lock or byte ptr [rdx + TI_flags], _TIF_NEED_RESCHED
    and dword ptr gs:[PERCPU_preempt_count], 0x7fffffff     // the inverted need-resched bit
.Lout:
    ret
