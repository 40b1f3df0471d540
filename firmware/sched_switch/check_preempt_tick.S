// static void check_preempt_tick(struct cfs_rq *cfs_rq, struct sched_entity *curr)
// Source: Linux 4.8, kernel/sched/fair.c, check_preempt_tick
// Entry: rdi cfs_rq, rsi curr; more than one entity on cfs_rq
// Exit:  NEED_RESCHED is set if curr has had its slice, or is a slice ahead of the first that waits
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state interrupt
check_preempt_tick:
    push rbp
    push rbx
    mov rbp, rdi                                            // cfs_rq
    mov rbx, rsi                                            // curr
    call sched_slice                                        // ideal_runtime
    mov rcx, qword ptr [rbx + SE_sum_exec_runtime]
    sub rcx, qword ptr [rbx + SE_prev_sum_exec_runtime]     // delta_exec
    cmp rcx, rax
    ja .Lslice_over
    mov edx, dword ptr [sysctl_sched_min_granularity]
    cmp rcx, rdx
    jb .Lout
    mov rdx, qword ptr [rbp + CFS_rb_leftmost]
    mov rcx, qword ptr [rbx + SE_vruntime]
    sub rcx, qword ptr [rdx - SE_run_node + SE_vruntime]
    js .Lout
    cmp rcx, rax
    jle .Lout
    mov rdi, qword ptr [rbp + CFS_rq]
    call resched_curr
.Lout:
    pop rbx
    pop rbp
    ret
.Lslice_over:
    mov rdi, qword ptr [rbp + CFS_rq]
    call resched_curr
    mov rsi, rbx
    mov rdi, rbp
    call clear_buddies                                      // it must not be preferred again
    jmp .Lout
