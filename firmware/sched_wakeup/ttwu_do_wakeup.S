// static void ttwu_do_wakeup(struct rq *rq, struct task_struct *p, int wake_flags)
// Source: Linux 4.8, kernel/sched/core.c, ttwu_do_wakeup (31 instructions when the core was idle, 19 else)
// Entry: rdi rq, rsi p, edx wake_flags
// Exit:  p is TASK_RUNNING; the core's average idle time is up to date
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
ttwu_do_wakeup:
    push rbp
    push rbx
    mov rbx, rdi                                            // rq
    mov rbp, rsi                                            // p
    call check_preempt_curr
    mov qword ptr [rbp + TASK_state], TASK_RUNNING
    mov rax, qword ptr [rbp + TASK_sched_class]
    mov rax, qword ptr [rax + SCLASS_task_woken]
    test rax, rax
    jnz .Ltell_class
.Ltold:
    mov rdx, qword ptr [rbx + RQ_idle_stamp]
    test rdx, rdx
    jz .Lout
    mov rax, qword ptr [rbx + RQ_clock]
    sub rax, rdx                                            // how long the core was idle
    mov rcx, qword ptr [rbx + RQ_max_idle_balance_cost]
    add rcx, rcx
    mov rdx, qword ptr [rbx + RQ_avg_idle]
    sub rax, rdx
    sar rax, 0x3                                            // update_avg: an eighth of the difference
    add rax, rdx
    cmp rax, rcx
    cmova rax, rcx
    mov qword ptr [rbx + RQ_avg_idle], rax
    mov qword ptr [rbx + RQ_idle_stamp], 0x0
.Lout:
    pop rbx
    pop rbp
    ret
.Ltell_class:
    mov rsi, rbp
    mov rdi, rbx
    call rax
    jmp .Ltold
