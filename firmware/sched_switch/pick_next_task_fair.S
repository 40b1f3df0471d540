// static struct task_struct *pick_next_task_fair(struct rq *rq, struct task_struct *prev)
// Source: Linux 4.8, kernel/sched/fair.c, pick_next_task_fair with idle_balance inlined (56 instructions when there is
//         nothing to run, 53 from a task of another class, 78 from one fair task to another of the same group)
// Entry: rdi rq, rsi prev; interrupts off
// Exit:  rax the task to run, 0 for none, -1 (RETRY_TASK) when another class has got work
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
    .set HZ, 0xfa
    .set MIGRATION_COST, 0x7a120                            // sysctl_sched_migration_cost: 500,000 ns, a constant here
pick_next_task_fair:
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    mov r12, rdi                                            // rq
    mov r13, rsi                                            // prev
    lea rbp, [rdi + RQ_cfs]                                 // cfs_rq
    cmp dword ptr [rbp + CFS_nr_running], 0x0
    je .Lidle
    cmp qword ptr [rsi + TASK_sched_class], fair_sched_class
    jne .Lsimple
// prev is a fair task and may stay: go down without taking it off its queues first
.Ldescend:
    mov rsi, qword ptr [rbp + CFS_curr]
    test rsi, rsi
    jz .Lpick
    cmp dword ptr [rsi + SE_on_rq], 0x0
    je .Lcurr_sleeps
    mov rdi, rbp
    call update_curr
    mov rsi, qword ptr [rbp + CFS_curr]
    jmp .Lpick
.Lcurr_sleeps:
    xor esi, esi
.Lpick:
    mov rdi, rbp
    call pick_next_entity
    mov rbx, rax                                            // se
    mov rbp, qword ptr [rax + SE_my_q]
    test rbp, rbp
    jnz .Ldescend
    lea r15, [rbx - TASK_se]                                // p
    cmp r15, r13
    je .Lchosen
    lea r14, [r13 + TASK_se]                                // pse
.Lclimb:                                                    // only up to the queue that both are in
    mov rdi, qword ptr [rbx + SE_cfs_rq]
    cmp rdi, qword ptr [r14 + SE_cfs_rq]
    je .Lcommon_queue
    mov ebp, dword ptr [rbx + SE_depth]
    sub ebp, dword ptr [r14 + SE_depth]
    jg .Lset_next
    mov rsi, r14
    mov rdi, qword ptr [r14 + SE_cfs_rq]
    call put_prev_entity
    mov r14, qword ptr [r14 + SE_parent]
    test ebp, ebp
    js .Lclimb
.Lset_next:
    mov rsi, rbx
    mov rdi, qword ptr [rbx + SE_cfs_rq]
    call set_next_entity
    mov rbx, qword ptr [rbx + SE_parent]
    jmp .Lclimb
.Lcommon_queue:
    mov rbp, rdi
    mov rsi, r14
    call put_prev_entity
    mov rsi, rbx
    mov rdi, rbp
    call set_next_entity
.Lchosen:
    test byte ptr [sysctl_sched_features], SCHED_FEAT_HRTICK
    jnz .Lunsupported
    mov rax, r15
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret

// prev is of another class: put it away, then down from the top
.Lsimple:
    mov rax, qword ptr [rsi + TASK_sched_class]
    call qword ptr [rax + SCLASS_put_prev_task]
.Lsimple_level:
    xor esi, esi                                            // nothing runs on these queues
    mov rdi, rbp
    call pick_next_entity
    mov rbx, rax
    mov rsi, rax
    mov rdi, rbp
    call set_next_entity
    mov rbp, qword ptr [rbx + SE_my_q]
    test rbp, rbp
    jnz .Lsimple_level
    lea r15, [rbx - TASK_se]
    jmp .Lchosen

// idle_balance: note when idling began and when to balance next
.Lidle:
    mov rax, qword ptr [jiffies_64]
    lea r14, [rax + HZ]                                     // next_balance
    mov rax, qword ptr [rdi + RQ_clock]
    mov qword ptr [rdi + RQ_idle_stamp], rax
    cmp qword ptr [rdi + RQ_avg_idle], MIGRATION_COST
    jae .Llong_idle
.Lno_pull:
    mov rbx, qword ptr [rdi + RQ_sd]
    test rbx, rbx
    jz .Lno_domain
    mov edi, dword ptr [rbx + SD_balance_interval]
    call __msecs_to_jiffies
    mov ecx, 0x1
    cmp rax, rcx
    cmovb rax, rcx
    mov rcx, qword ptr [max_load_balance_interval]
    cmp rax, rcx
    cmova rax, rcx
    add rax, qword ptr [rbx + SD_last_balance]
    mov rcx, rax
    sub rcx, r14
    cmovs r14, rax                                          // the domain's turn comes before
.Lno_domain:
    mov rax, r14
    sub rax, qword ptr [r12 + RQ_next_balance]
    jns .Lturn_kept
    mov qword ptr [r12 + RQ_next_balance], r14
.Lturn_kept:
    mov eax, dword ptr [r12 + RQ_nr_running]
    cmp eax, dword ptr [rbp + CFS_h_nr_running]
    jne .Lother_class
    xor eax, eax
    jmp .Lout
.Llong_idle:                                                // long enough to look for work elsewhere
    mov rax, qword ptr [rdi + RQ_rd]
    cmp dword ptr [rax + RD_overload], 0x0
    je .Lno_pull
    //@ event newidle_balance
    jmp .Lno_pull                                           // load_balance is not modelled: counted, so that its absence shows
.Lother_class:
    mov qword ptr [r12 + RQ_idle_stamp], 0x0
    mov rax, RETRY_TASK
    jmp .Lout
.Lunsupported:
    //@ event unsupported
    ud2
