// static u64 sched_slice(struct cfs_rq *cfs_rq, struct sched_entity *se)
// Source: Linux 4.8, kernel/sched/fair.c, sched_slice, __sched_period, for an entity that is queued
// Entry: rdi cfs_rq, rsi se, queued
// Exit:  rax nanoseconds that se may run at a stretch
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state interrupt
sched_slice:
    push rbx
    mov rbx, rsi                                            // se
    mov eax, dword ptr [sysctl_sched_latency]
    mov ecx, dword ptr [rdi + CFS_nr_running]
    cmp ecx, dword ptr [sched_nr_latency]
    jbe .Llevel
    mov eax, dword ptr [sysctl_sched_min_granularity]       // too many to serve within the latency
    imul rax, rcx
.Llevel:
    mov rdx, qword ptr [rbx + SE_cfs_rq]
    lea rdx, [rdx + CFS_load_weight]
    mov rsi, qword ptr [rbx + SE_load_weight]
    mov rdi, rax
    call __calc_delta                                       // se's share of the queue's time
    mov rbx, qword ptr [rbx + SE_parent]
    test rbx, rbx
    jnz .Llevel
    pop rbx
    ret
