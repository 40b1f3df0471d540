// static void check_preempt_wakeup(struct rq *rq, struct task_struct *p, int wake_flags)
// Source: Linux 4.8, kernel/sched/fair.c, check_preempt_wakeup with find_matching_se inlined (58 instructions)
// Entry: rdi rq, rsi p, edx wake_flags
// Exit:  the running task is marked for rescheduling if p is far enough behind it
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
    mov r13, qword ptr [rbx + SE_cfs_rq]
    cmp dword ptr [r13 + CFS_nr_running], 0x8               // sched_nr_latency: many tasks get a next buddy
    jb .Lno_buddy
    test dword ptr [sysctl_sched_features], 0x4             // NEXT_BUDDY is off
.Lno_buddy:
    mov rax, qword ptr [rax + TASK_stack]
    test byte ptr [rax + TI_flags], 0x8
    jnz .Lout                                               // it is already to be rescheduled
    cmp dword ptr [rsi + TASK_policy], 0x0
    jne .Lout                                               // batch and idle tasks preempt nobody
    test dword ptr [sysctl_sched_features], 0x20            // WAKEUP_PREEMPTION
    jz .Lout
// find_matching_se: up to two entities on one queue
    mov eax, dword ptr [rbx + SE_depth]
    mov ecx, dword ptr [rbp + SE_depth]
.Lcurr_deeper:
    cmp eax, ecx
    jle .Lp_deeper
    mov rbx, qword ptr [rbx + SE_parent]
    dec eax
    jmp .Lcurr_deeper
.Lp_deeper:
    cmp ecx, eax
    jle .Lsame_depth
    mov rbp, qword ptr [rbp + SE_parent]
    dec ecx
    jmp .Lp_deeper
.Lsame_depth:
    mov rdi, qword ptr [rbx + SE_cfs_rq]
    cmp rdi, qword ptr [rbp + SE_cfs_rq]
    je .Lmatched
    mov rbx, qword ptr [rbx + SE_parent]
    mov rbp, qword ptr [rbp + SE_parent]
    jmp .Lsame_depth
.Lmatched:
    call update_curr
    mov rsi, rbp
    mov rdi, rbx
    call wakeup_preempt_entity
    cmp eax, 0x1
    jne .Lout
    mov rdi, r12
    call resched_curr
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
