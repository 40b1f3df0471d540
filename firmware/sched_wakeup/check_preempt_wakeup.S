// static void check_preempt_wakeup(struct rq *rq, struct task_struct *p, int wake_flags)
// Source: Linux 4.8, kernel/sched/fair.c, check_preempt_wakeup with find_matching_se and set_next_buddy inlined (58 instructions)
// Entry: rdi rq, rsi p, edx wake_flags
// Exit:  the running task is marked for rescheduling if p is far enough behind it, and p is to be picked next
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
check_preempt_wakeup:
    push r13
    push r12
    push rbp
    push rbx
    mov r12, rdi                                            // rq
    mov rax, qword ptr [rdi + RQ_curr]
    lea rbx, [rax + TASK_se]                                // se of the running task
    lea rbp, [rsi + TASK_se]                                // pse
    cmp rbx, rbp
    je .Lout
    mov rcx, qword ptr [rbx + SE_cfs_rq]
    mov ecx, dword ptr [rcx + CFS_nr_running]
    xor r13d, r13d                                          // scale: so many tasks that buddies pay
    cmp ecx, dword ptr [sched_nr_latency]
    setae r13b
    mov ecx, dword ptr [sysctl_sched_features]
    test cl, SCHED_FEAT_NEXT_BUDDY                          // off
    jnz .Lunsupported
    mov r8, qword ptr [rax + TASK_stack]
    test byte ptr [r8 + TI_flags], _TIF_NEED_RESCHED
    jnz .Lout                                               // it is already to be rescheduled
    cmp dword ptr [rax + TASK_policy], SCHED_IDLE
    je .Lidle_policy
.Lnot_idle:
    cmp dword ptr [rsi + TASK_policy], SCHED_NORMAL
    jne .Lout                                               // batch and idle tasks preempt nobody
    test cl, SCHED_FEAT_WAKEUP_PREEMPTION
    jz .Lout
// find_matching_se: up to two entities on one queue
    mov eax, dword ptr [rbx + SE_depth]
    mov ecx, dword ptr [rbp + SE_depth]
.Lcurr_deeper:
    cmp eax, ecx
    jg .Lcurr_up
.Lp_deeper:
    cmp ecx, eax
    jg .Lp_up
.Lsame_depth:
    mov rdi, qword ptr [rbx + SE_cfs_rq]
    cmp rdi, qword ptr [rbp + SE_cfs_rq]
    jne .Lboth_up
    call update_curr
    mov rsi, rbp
    mov rdi, rbx
    call wakeup_preempt_entity
    cmp eax, 0x1
    jne .Lout
// set_next_buddy: on every level, down from the top, the way leads to p
    mov rax, rbp
.Lnext_buddy:
    mov rcx, qword ptr [rax + SE_cfs_rq]
    mov qword ptr [rcx + CFS_next], rax
    mov rax, qword ptr [rax + SE_parent]
    test rax, rax
    jnz .Lnext_buddy
.Lpreempt:
    mov rdi, r12
    call resched_curr
    cmp dword ptr [rbx + SE_on_rq], 0x0
    je .Lout
    mov rax, qword ptr [r12 + RQ_curr]
    cmp rax, qword ptr [r12 + RQ_idle]
    je .Lout
    test byte ptr [sysctl_sched_features], SCHED_FEAT_LAST_BUDDY
    jz .Lout
    test r13d, r13d
    jz .Lout
    cmp qword ptr [rbx + SE_my_q], 0x0
    jne .Lout                                               // a group's entity
.Llast_buddy:
    mov rcx, qword ptr [rbx + SE_cfs_rq]
    mov qword ptr [rcx + CFS_last], rbx
    mov rbx, qword ptr [rbx + SE_parent]
    test rbx, rbx
    jnz .Llast_buddy
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
.Lcurr_up:
    mov rbx, qword ptr [rbx + SE_parent]
    dec eax
    jmp .Lcurr_deeper
.Lp_up:
    mov rbp, qword ptr [rbp + SE_parent]
    dec ecx
    jmp .Lp_deeper
.Lboth_up:
    mov rbx, qword ptr [rbx + SE_parent]
    mov rbp, qword ptr [rbp + SE_parent]
    jmp .Lsame_depth
.Lidle_policy:
    cmp dword ptr [rsi + TASK_policy], SCHED_IDLE
    jne .Lpreempt                                           // whoever is not idle goes first
    jmp .Lnot_idle
.Lunsupported:
    //@ event unsupported
    ud2
