// static int __update_load_avg(u64 now, struct sched_avg *sa, unsigned long weight, int running, struct cfs_rq *cfs_rq)
// Source: Linux 4.8, kernel/sched/fair.c, __update_load_avg: the part that runs when a period of 1,024 us ends
// Entry: rdi now, rsi sa, rdx weight (scaled down), ecx running, r8 cfs_rq if sa is a queue's, else 0;
//        (now - last_update_time) / 1024 + period_contrib is at least 1024
// Exit:  eax 1: sums and averages have been decayed
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
__update_load_avg:
    push rbp
    push rbx
    push r12
    push r13
    push r14
    push r15
    mov rbx, rsi                                            // sa
    mov r12, rdx                                            // weight
    mov r13d, ecx                                           // running
    mov rbp, r8                                             // cfs_rq
    mov r14, rdi
    sub r14, qword ptr [rsi + AVG_last_update_time]
    shr r14, 0xa                                            // delta, in units of 1,024 ns
    mov qword ptr [rsi + AVG_last_update_time], rdi
// The rest of the current period
    mov eax, 0x400
    sub eax, dword ptr [rsi + AVG_period_contrib]           // delta_w
    mov dword ptr [rsi + AVG_period_contrib], 0x0
    sub r14, rax
    mov rcx, r12
    imul rcx, rax
    add qword ptr [rbx + AVG_load_sum], rcx
    test rbp, rbp
    jz .Lentity
    add qword ptr [rbp + CFS_runnable_load_sum], rcx
.Lentity:
    test r13d, r13d
    jz .Lperiods
    shl eax, 0xa                                            // x SCHED_CAPACITY_SCALE
    add dword ptr [rbx + AVG_util_sum], eax
// Whole periods since: decay, then add what they contributed
.Lperiods:
    mov r15, r14
    shr r15, 0xa                                            // periods
    and r14d, 0x3ff
    mov rdi, qword ptr [rbx + AVG_load_sum]
    lea rsi, [r15 + 0x1]                                    // and the one that just ended
    call decay_load
    mov qword ptr [rbx + AVG_load_sum], rax
    test rbp, rbp
    jz .Ldecay_util
    mov rdi, qword ptr [rbp + CFS_runnable_load_sum]
    lea rsi, [r15 + 0x1]
    call decay_load
    mov qword ptr [rbp + CFS_runnable_load_sum], rax
.Ldecay_util:
    mov edi, dword ptr [rbx + AVG_util_sum]
    lea rsi, [r15 + 0x1]
    call decay_load
    mov dword ptr [rbx + AVG_util_sum], eax
    mov rdi, r15
    call __compute_runnable_contrib
    mov eax, eax
    add dword ptr [rbx + AVG_period_contrib], r14d
    add r14, rax                                            // what the periods and the current one so far contribute
    mov rcx, r12
    imul rcx, r14
    add qword ptr [rbx + AVG_load_sum], rcx
    test rbp, rbp
    jz .Lutil
    add qword ptr [rbp + CFS_runnable_load_sum], rcx
.Lutil:
    test r13d, r13d
    jz .Laverages
    shl r14d, 0xa
    add dword ptr [rbx + AVG_util_sum], r14d
.Laverages:
    mov ecx, LOAD_AVG_MAX
    mov rax, qword ptr [rbx + AVG_load_sum]
    xor edx, edx
    div rcx
    mov qword ptr [rbx + AVG_load_avg], rax
    test rbp, rbp
    jz .Lutil_average
    mov rax, qword ptr [rbp + CFS_runnable_load_sum]
    xor edx, edx
    div rcx
    mov qword ptr [rbp + CFS_runnable_load_avg], rax
.Lutil_average:
    mov eax, dword ptr [rbx + AVG_util_sum]
    xor edx, edx
    div ecx
    mov qword ptr [rbx + AVG_util_avg], rax
    mov eax, 0x1
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    ret
