// static inline void update_load_avg(struct sched_entity *se, int update_tg)
// Source: Linux 4.8, kernel/sched/fair.c, update_load_avg, update_cfs_rq_load_avg, the usual part of __update_load_avg and
//         update_tg_load_avg
// Entry: rbx se, rbp its cfs_rq, both kept; r13d nonzero: tell the task group; interrupts off
// Exit:  load averages of se and of its queue are up to now
// Clobbers: caller-saved registers, r12, r14
// Lock: rq->lock held
//@ inline load_averages
    mov rax, qword ptr [rbp + CFS_rq]
    mov r12, qword ptr [rax + RQ_clock_task]                // now
    xor r14d, r14d                                          // decayed
// The entity: nothing to do within one unit of 1,024 ns, only sums to extend within one period of 1,024 units.
    mov rax, r12
    sub rax, qword ptr [rbx + SE_avg + AVG_last_update_time]
    js .Lentity_backwards
    shr rax, 0xa                                            // delta
    jz .Lqueue
    xor ecx, ecx                                            // running
    cmp qword ptr [rbp + CFS_curr], rbx
    sete cl
    mov edx, dword ptr [rbx + SE_on_rq]
    mov rsi, qword ptr [rbx + SE_load_weight]
    shr rsi, 0xa                                            // scale_load_down
    imul rdx, rsi                                           // weight, 0 when not queued
    mov esi, dword ptr [rbx + SE_avg + AVG_period_contrib]
    add rsi, rax
    cmp rsi, 0x400
    jae .Lentity_period
    mov qword ptr [rbx + SE_avg + AVG_last_update_time], r12
    mov dword ptr [rbx + SE_avg + AVG_period_contrib], esi
    imul rdx, rax
    add qword ptr [rbx + SE_avg + AVG_load_sum], rdx
    test ecx, ecx
    jz .Lqueue
    shl eax, 0xa                                            // x SCHED_CAPACITY_SCALE
    add dword ptr [rbx + SE_avg + AVG_util_sum], eax
// Its queue
.Lqueue:
    mov rax, qword ptr [rbp + CFS_removed_load_avg]         // entities that left from afar
    test rax, rax
    jnz .Lremoved_load
.Lremoved_load_taken:
    mov rax, qword ptr [rbp + CFS_removed_util_avg]
    test rax, rax
    jnz .Lremoved_util
.Lremoved_util_taken:
    mov rax, r12
    sub rax, qword ptr [rbp + CFS_avg + AVG_last_update_time]
    js .Lqueue_backwards
    shr rax, 0xa
    jz .Lgroup
    mov rdx, qword ptr [rbp + CFS_load_weight]
    shr rdx, 0xa                                            // scale_load_down
    xor ecx, ecx                                            // running
    cmp qword ptr [rbp + CFS_curr], 0x0
    setne cl
    mov esi, dword ptr [rbp + CFS_avg + AVG_period_contrib]
    add rsi, rax
    cmp rsi, 0x400
    jae .Lqueue_period
    mov qword ptr [rbp + CFS_avg + AVG_last_update_time], r12
    mov dword ptr [rbp + CFS_avg + AVG_period_contrib], esi
    imul rdx, rax
    add qword ptr [rbp + CFS_avg + AVG_load_sum], rdx
    add qword ptr [rbp + CFS_runnable_load_sum], rdx
    test ecx, ecx
    jz .Lgroup
    shl eax, 0xa
    add dword ptr [rbp + CFS_avg + AVG_util_sum], eax
// update_tg_load_avg, when the queue's average has moved
.Lgroup:
    test r14d, r14d
    jz .Lout
    test r13d, r13d
    jz .Lout
    update_tg_load_avg .Lout
    jmp .Lout
// A period of 1,024 us ends: once a millisecond
.Lentity_period:
    lea rsi, [rbx + SE_avg]
    mov rdi, r12
    xor r8d, r8d                                            // no queue
    call __update_load_avg
    jmp .Lqueue
.Lqueue_period:
    lea rsi, [rbp + CFS_avg]
    mov rdi, r12
    mov r8, rbp
    call __update_load_avg
    or r14d, eax
    jmp .Lgroup
.Lentity_backwards:
    mov qword ptr [rbx + SE_avg + AVG_last_update_time], r12
    jmp .Lqueue
.Lqueue_backwards:
    mov qword ptr [rbp + CFS_avg + AVG_last_update_time], r12
    jmp .Lgroup
.Lremoved_load:
    xor eax, eax
    xchg qword ptr [rbp + CFS_removed_load_avg], rax
    xor ecx, ecx
    sub_positive qword ptr [rbp + CFS_avg + AVG_load_avg], rax, rdx, rcx
    imul rax, rax, LOAD_AVG_MAX
    sub_positive qword ptr [rbp + CFS_avg + AVG_load_sum], rax, rdx, rcx
    mov r14d, 0x1
    jmp .Lremoved_load_taken
.Lremoved_util:
    xor eax, eax
    xchg qword ptr [rbp + CFS_removed_util_avg], rax
    xor ecx, ecx
    sub_positive qword ptr [rbp + CFS_avg + AVG_util_avg], rax, rdx, rcx
    imul eax, eax, LOAD_AVG_MAX
    sub_positive dword ptr [rbp + CFS_avg + AVG_util_sum], eax, edx, ecx
    jmp .Lremoved_util_taken
.Lout:
