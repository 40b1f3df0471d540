// static struct task_struct *pick_next_task_rt(struct rq *rq, struct task_struct *prev)
// Source: Linux 4.8, kernel/sched/rt.c, pick_next_task_rt, _pick_next_task_rt (19 instructions when nobody is queued), without
//         pulling tasks from other cores
// Entry: rdi rq, rsi prev
// Exit:  rax the first task of the highest priority, 0 for none
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
pick_next_task_rt:
    push rbp
    push rbx
    mov rbx, rdi                                            // rq
    mov rbp, rsi                                            // prev
    mov eax, dword ptr [rsi + TASK_prio]
    cmp dword ptr [rdi + RQ_rt_highest_prio_curr], eax      // need_pull_rt_task: prev is above all that wait
    jg .Lwould_pull
.Lpulled:
    mov rax, qword ptr [rsi + TASK_sched_class]
    cmp rax, rt_sched_class
    je .Lprev_is_ours
.Lcharged:
    cmp dword ptr [rdi + RQ_rt_queued], 0x0
    jne .Lqueued
    xor eax, eax
    pop rbx
    pop rbp
    ret
.Lwould_pull:
    jmp .Lpulled                                            // pull_rt_task: real-time tasks stay where they are here
.Lprev_is_ours:
    call update_curr_rt
    mov rdi, rbx
    mov rsi, rbp
    mov rax, qword ptr [rsi + TASK_sched_class]
    jmp .Lcharged
.Lqueued:
    mov rsi, rbp
    mov rdi, rbx
    call qword ptr [rax + SCLASS_put_prev_task]
    movsxd rcx, dword ptr [rbx + RQ_rt_highest_prio_curr]
    shl rcx, 0x4                                            // LIST__size
    mov rax, qword ptr [rbx + rcx + RQ_rt_queues]           // its first
    sub rax, TASK_rt_run_list
    mov rcx, qword ptr [rbx + RQ_clock_task]
    mov qword ptr [rax + TASK_se + SE_exec_start], rcx
    pop rbx
    pop rbp
    ret
