// static void update_load_avg(struct sched_entity *se, int update_tg)
// Source: Linux 4.8, kernel/sched/fair.c, update_load_avg, update_cfs_rq_load_avg, the usual part of __update_load_avg and
//         update_tg_load_avg (the compiler inlines all of it into its callers: their rows in path-lengths.csv contain it)
// Entry: rdi se, esi nonzero: tell the task group; interrupts off
// Exit:  load averages of se and of its queue are up to now
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
update_load_avg:
    mov r8, qword ptr [rdi + SE_cfs_rq]
    mov rdx, qword ptr [r8 + CFS_rq]
    mov rdx, qword ptr [rdx + RQ_clock_task]                // now
    xor r11d, r11d                                          // decayed
// The entity: nothing to do within one unit of 1,024 ns, only sums to extend within one period of 1,024 units.
    mov rax, rdx
    sub rax, qword ptr [rdi + SE_avg + AVG_last_update_time]
    js .Lentity_backwards
    shr rax, 0xa                                            // delta
    jz .Lqueue
    xor r9d, r9d                                            // running
    cmp qword ptr [r8 + CFS_curr], rdi
    sete r9b
    mov ecx, dword ptr [rdi + SE_on_rq]
    mov r10, qword ptr [rdi + SE_load_weight]
    shr r10, 0xa                                            // scale_load_down
    imul rcx, r10                                           // weight, 0 when not queued
    mov r10d, dword ptr [rdi + SE_avg + AVG_period_contrib]
    add r10, rax
    cmp r10, 0x400
    jae .Lentity_period
    mov qword ptr [rdi + SE_avg + AVG_last_update_time], rdx
    mov dword ptr [rdi + SE_avg + AVG_period_contrib], r10d
    imul rcx, rax
    add qword ptr [rdi + SE_avg + AVG_load_sum], rcx
    test r9d, r9d
    jz .Lqueue
    shl eax, 0xa                                            // x SCHED_CAPACITY_SCALE
    add dword ptr [rdi + SE_avg + AVG_util_sum], eax
// Its queue
.Lqueue:
    mov rax, qword ptr [r8 + CFS_removed_load_avg]          // entities that left from afar
    test rax, rax
    jnz .Lremoved_load
.Lremoved_load_taken:
    mov rax, qword ptr [r8 + CFS_removed_util_avg]
    test rax, rax
    jnz .Lremoved_util
.Lremoved_util_taken:
    mov rax, rdx
    sub rax, qword ptr [r8 + CFS_avg + AVG_last_update_time]
    js .Lqueue_backwards
    shr rax, 0xa
    jz .Lgroup
    mov rcx, qword ptr [r8 + CFS_load_weight]
    shr rcx, 0xa                                            // scale_load_down
    mov r10d, dword ptr [r8 + CFS_avg + AVG_period_contrib]
    add r10, rax
    cmp r10, 0x400
    jae .Lqueue_period
    mov qword ptr [r8 + CFS_avg + AVG_last_update_time], rdx
    mov dword ptr [r8 + CFS_avg + AVG_period_contrib], r10d
    imul rcx, rax
    add qword ptr [r8 + CFS_avg + AVG_load_sum], rcx
    add qword ptr [r8 + CFS_runnable_load_sum], rcx
    cmp qword ptr [r8 + CFS_curr], 0x0
    je .Lgroup
    shl eax, 0xa
    add dword ptr [r8 + CFS_avg + AVG_util_sum], eax
// update_tg_load_avg, when the queue's average has moved
.Lgroup:
    test r11d, r11d
    jz .Lout
    test esi, esi
    jz .Lout
    mov rcx, qword ptr [r8 + CFS_tg]
    cmp rcx, root_task_group
    je .Lout                                                // its average is of no use to anybody
    mov rax, qword ptr [r8 + CFS_avg + AVG_load_avg]
    mov r9, qword ptr [r8 + CFS_tg_load_avg_contrib]
    mov rdx, rax
    sub rdx, r9
    mov r10, rdx
    neg r10
    cmovs r10, rdx                                          // |delta|
    shr r9, 0x6
    cmp r10, r9
    jle .Lout                                               // within 1/64: not worth the shared line
    lock add qword ptr [rcx + TG_load_avg], rdx
    mov qword ptr [r8 + CFS_tg_load_avg_contrib], rax
.Lout:
    ret

// A period of 1,024 us ends: once a millisecond
.Lentity_period:
    push rdi
    push rsi
    push rdx
    push r8
    mov esi, r9d                                            // running
    lea r9, [rdi + SE_avg]
    mov rdi, rdx                                            // now
    mov rdx, rcx                                            // weight
    mov ecx, esi
    mov rsi, r9
    xor r8d, r8d                                            // no queue
    call __update_load_avg
    pop r8
    pop rdx
    pop rsi
    pop rdi
    xor r11d, r11d                                          // only the queue's decay counts
    jmp .Lqueue
.Lqueue_period:
    push rsi
    push r8
    mov rdi, rdx
    lea rsi, [r8 + CFS_avg]
    mov rdx, rcx
    xor ecx, ecx
    cmp qword ptr [r8 + CFS_curr], 0x0
    setne cl
    call __update_load_avg
    pop r8
    pop rsi
    mov r11d, 0x1
    jmp .Lgroup
.Lentity_backwards:
    mov qword ptr [rdi + SE_avg + AVG_last_update_time], rdx
    jmp .Lqueue
.Lqueue_backwards:
    mov qword ptr [r8 + CFS_avg + AVG_last_update_time], rdx
    jmp .Lgroup
.Lremoved_load:
    xor eax, eax
    xchg qword ptr [r8 + CFS_removed_load_avg], rax
    xor ecx, ecx
    mov r10, qword ptr [r8 + CFS_avg + AVG_load_avg]
    sub r10, rax
    cmovs r10, rcx                                          // never below zero
    mov qword ptr [r8 + CFS_avg + AVG_load_avg], r10
    imul rax, rax, 0xba7e                                   // LOAD_AVG_MAX
    mov r10, qword ptr [r8 + CFS_avg + AVG_load_sum]
    sub r10, rax
    cmovs r10, rcx
    mov qword ptr [r8 + CFS_avg + AVG_load_sum], r10
    mov r11d, 0x1
    jmp .Lremoved_load_taken
.Lremoved_util:
    xor eax, eax
    xchg qword ptr [r8 + CFS_removed_util_avg], rax
    xor ecx, ecx
    mov r10, qword ptr [r8 + CFS_avg + AVG_util_avg]
    sub r10, rax
    cmovs r10, rcx
    mov qword ptr [r8 + CFS_avg + AVG_util_avg], r10
    imul eax, eax, 0xba7e
    mov r10d, dword ptr [r8 + CFS_avg + AVG_util_sum]
    sub r10d, eax
    cmovs r10d, ecx
    mov dword ptr [r8 + CFS_avg + AVG_util_sum], r10d
    jmp .Lremoved_util_taken
