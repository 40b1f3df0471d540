// static void update_curr(struct cfs_rq *cfs_rq)
// Source: Linux 4.8, kernel/sched/fair.c, update_curr (6 instructions when nothing runs)
// Entry: rdi cfs_rq
// Exit:  run time and vruntime of what runs there are up to now
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
update_curr:
    mov rax, qword ptr [rdi + CFS_rq]
    mov rdx, qword ptr [rdi + CFS_curr]
    mov rax, qword ptr [rax + RQ_clock_task]                // now
    test rdx, rdx
    jz .Lnothing
    mov rcx, rax
    sub rcx, qword ptr [rdx + SE_exec_start]                // delta_exec
    jle .Lnothing
    push r12
    push rbp
    push rbx
    mov rbx, rdx                                            // curr
    mov rbp, rdi                                            // cfs_rq
    mov r12, rcx
    mov qword ptr [rdx + SE_exec_start], rax
    add qword ptr [rdx + SE_sum_exec_runtime], rcx
    cmp qword ptr [rdx + SE_load_weight], NICE_0_LOAD
    jne .Lweighted
.Lscaled:
    add qword ptr [rbx + SE_vruntime], rcx
    mov rdi, rbp
    call update_min_vruntime
    cmp qword ptr [rbx + SE_my_q], 0x0
    jne .Lgroup
    mov rax, qword ptr [rbx + TASK_signal - TASK_se]        // account_group_exec_runtime
    cmp byte ptr [rax + SIGNAL_cputimer_running], 0x0
    jne .Lcputimer
.Lgroup:
    pop rbx
    pop rbp
    pop r12
.Lnothing:
    ret
.Lweighted:
    lea rdx, [rbx + SE_load_weight]
    mov esi, NICE_0_LOAD
    mov rdi, rcx
    call __calc_delta
    mov rcx, rax
    jmp .Lscaled
.Lcputimer:
    lock add qword ptr [rax + SIGNAL_cputimer_sum_exec], r12
    jmp .Lgroup
