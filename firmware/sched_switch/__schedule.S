// static void __sched notrace __schedule(bool preempt)
// Source: Linux 4.8, kernel/sched/core.c, __schedule with pick_next_task and context_switch inlined (117 instructions
//         from a task to idle, 132 from idle, 112 from task to task)
// Entry: dil preempt; interrupts on
// Exit:  this task has been chosen again (at once, or after others ran); interrupts on
// Clobbers: caller-saved registers
// Lock: takes this core's rq->lock; finish_task_switch of the next task releases it
//@ state scheduler
__schedule:
    push rbp
    push r15
    push r14
    push r13
    push r12
    push rbx
    mov r14d, edi                                           // preempt
    mov r12d, dword ptr gs:[PERCPU_cpu_number]
    mov rbx, qword ptr [__per_cpu_offset + r12*8]
    mov rbx, qword ptr [rbx + PERCPU_runqueue]              // rq
    mov rbp, qword ptr [rbx + RQ_curr]                      // prev
    expect_preempt_count 0x1, .Latomic                      // schedule_debug: scheduling while atomic
    cli
    call rcu_note_context_switch
// smp_mb__before_spinlock: prev->state is loaded after what the task stored; the lock's LOCK prefix does it
    lea rdi, [rbx + RQ_lock]
    call _raw_spin_lock
    shl dword ptr [rbx + RQ_clock_skip_update], 0x1         // a requested skip becomes active
    lea r15, [rbp + TASK_nivcsw]                            // switch_count
    test r14b, r14b
    jnz .Lstill_queued
    mov rax, qword ptr [rbp + TASK_state]
    test rax, rax
    jz .Lstill_queued
    lea r15, [rbp + TASK_nvcsw]
    mov rax, qword ptr [rbp + TASK_state]                   // volatile: as it is now
    test al, TASK_INTERRUPTIBLE | TASK_WAKEKILL
    jz .Lsleep
    mov rdx, qword ptr [rbp + TASK_stack]
    test byte ptr [rdx + TI_flags], _TIF_SIGPENDING
    jnz .Lsignal
.Lsleep:
    mov edx, DEQUEUE_SLEEP
    mov rsi, rbp
    mov rdi, rbx
    call deactivate_task
    mov dword ptr [rbp + TASK_on_rq], 0x0
    test byte ptr [rbp + TASK_flags], PF_WQ_WORKER
    jnz .Lworker
.Lstill_queued:
    cmp dword ptr [rbp + TASK_on_rq], TASK_ON_RQ_QUEUED
    jne .Lpick
    mov eax, dword ptr [rbx + RQ_clock_skip_update]
    test al, RQCF_ACT_SKIP                                  // the waker has just read the clock
    jnz .Lpick
    mov rdi, rbx
    call update_rq_clock
.Lpick:
    mov rax, qword ptr [rbp + TASK_sched_class]
    cmp rax, fair_sched_class
    jne .Lall_classes
    mov eax, dword ptr [rbx + RQ_cfs + CFS_h_nr_running]
    cmp dword ptr [rbx + RQ_nr_running], eax
    jne .Lall_classes
    mov rsi, rbp
    mov rdi, rbx
    call qword ptr [fair_sched_class + SCLASS_pick_next_task]
    cmp rax, RETRY_TASK
    je .Lall_classes
    test rax, rax
    jnz .Lpicked
    mov rsi, rbp
    mov rdi, rbx
    call qword ptr [idle_sched_class + SCLASS_pick_next_task]
    jmp .Lpicked
.Lall_classes:
    mov r13, stop_sched_class                               // sched_class_highest
.Lnext_class:
    mov rsi, rbp
    mov rdi, rbx
    call qword ptr [r13 + SCLASS_pick_next_task]
    test rax, rax
    jnz .Lclass_answered
    mov r13, qword ptr [r13 + SCLASS_next]
    test r13, r13
    jnz .Lnext_class
    jmp .Latomic                                            // BUG: the idle class always has a task
.Lclass_answered:
    cmp rax, RETRY_TASK
    je .Lall_classes
.Lpicked:
    mov r13, rax                                            // next
    mov rax, qword ptr [rbp + TASK_stack]
    lock and byte ptr [rax + TI_flags], ~_TIF_NEED_RESCHED  // clear_tsk_need_resched
    or dword ptr gs:[PERCPU_preempt_count], 0x80000000      // clear_preempt_need_resched: the bit is inverted
    mov dword ptr [rbx + RQ_clock_skip_update], 0x0
    cmp rbp, r13
    je .Lsame_task
    inc qword ptr [rbx + RQ_nr_switches]
    //@ event context_switch reg=r13
    mov qword ptr [rbx + RQ_curr], r13
    inc qword ptr [r15]                                     // nvcsw or nivcsw
// context_switch
    nop                                                     // perf_swevent_enabled: jump label, off
    nop                                                     // perf_sched_events: jump label, off
    mov dword ptr [r13 + TASK_on_cpu], 0x1                  // prepare_lock_switch
    mov rsi, qword ptr [r13 + TASK_mm]
    mov rdi, qword ptr [rbp + TASK_active_mm]               // oldmm
    test rsi, rsi
    jz .Llazy
    mov r12, rdi
    mov rdx, r13
    call switch_mm_irqs_off
    mov rdi, r12
    jmp .Lmm_switched
.Llazy:
    mov qword ptr [r13 + TASK_active_mm], rdi
    lock inc dword ptr [rdi + MM_mm_count]                  // borrowed by next
    cmp dword ptr gs:[PERCPU_tlb_state], TLBSTATE_OK
    jne .Lmm_switched
    mov dword ptr gs:[PERCPU_tlb_state], TLBSTATE_LAZY
.Lmm_switched:
    mov rax, qword ptr [rbp + TASK_mm]
    test rax, rax
    jnz .Lswitch
    mov qword ptr [rbp + TASK_active_mm], 0x0               // a kernel thread gives its borrowed mm back:
    mov qword ptr [rbx + RQ_prev_mm], rdi                   // finish_task_switch drops it
.Lswitch:
    mov rsi, r13
    mov rdi, rbp
    call __switch_to                                        // back when this task has been chosen; rax the one before
    mov rdi, rax
    call finish_task_switch
    mov rax, qword ptr [rax + RQ_balance_callback]
    test rax, rax
    jnz .Lbalance
.Lout:
    pop rbx
    pop r12
    pop r13
    pop r14
    pop r15
    pop rbp
    ret
.Lsignal:
    test al, TASK_INTERRUPTIBLE
    jz .Latomic                                             // TASK_KILLABLE: needs the fatal signal set
    mov qword ptr [rbp + TASK_state], TASK_RUNNING
    jmp .Lstill_queued
.Lsame_task:
    raw_spin_unlock [rbx + RQ_lock]
    sti
    cmp qword ptr [rbx + RQ_balance_callback], 0x0
    je .Lout
.Lbalance:
.Lworker:
.Latomic:
    //@ event unsupported
    ud2
