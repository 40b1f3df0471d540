// static void dequeue_task_rt(struct rq *rq, struct task_struct *p, int flags)
// Source: Linux 4.8, kernel/sched/rt.c, dequeue_task_rt, __dequeue_rt_entity, dec_rt_tasks, dequeue_top_rt_rq
// Entry: rdi rq, rsi p, edx flags
// Exit:  p is on no queue
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
dequeue_task_rt:
    call update_curr_rt
    mov rax, qword ptr [rsi + TASK_rt_run_list + LIST_next] // list_del_init
    mov rdx, qword ptr [rsi + TASK_rt_run_list + LIST_prev]
    __list_del rdx, rax
    lea rcx, [rsi + TASK_rt_run_list]
    mov qword ptr [rcx + LIST_next], rcx
    mov qword ptr [rcx + LIST_prev], rcx
    cmp rax, rdx
    jne .Lothers                                            // alone it had the list's head on both sides
    mov ecx, dword ptr [rsi + TASK_prio]
    btr qword ptr [rdi + RQ_rt_bitmap], rcx
.Lothers:
    dec dword ptr [rdi + RQ_rt_nr_running]
    dec dword ptr [rdi + RQ_nr_running]                     // sub_nr_running
    cmp dword ptr [rdi + RQ_rt_nr_running], 0x0
    jne .Lhighest
    mov dword ptr [rdi + RQ_rt_queued], 0x0
    mov dword ptr [rdi + RQ_rt_highest_prio_curr], MAX_RT_PRIO // none
    ret
.Lhighest:
    bsf rax, qword ptr [rdi + RQ_rt_bitmap]                 // sched_find_first_bit
    jnz .Lfound
    bsf rax, qword ptr [rdi + RQ_rt_bitmap + LIST_prev]     // the second word
    add eax, 0x40
.Lfound:
    mov dword ptr [rdi + RQ_rt_highest_prio_curr], eax
    ret
