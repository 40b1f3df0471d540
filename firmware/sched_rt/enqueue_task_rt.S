// static void enqueue_task_rt(struct rq *rq, struct task_struct *p, int flags)
// Source: Linux 4.8, kernel/sched/rt.c, enqueue_task_rt, __enqueue_rt_entity, inc_rt_tasks, enqueue_top_rt_rq, without task
//         groups, bandwidth and pushable tasks: tasks of this class are never moved to another core
// Entry: rdi rq, rsi p, edx flags (0x10 ENQUEUE_HEAD)
// Exit:  p is last (or first) of its priority
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
enqueue_task_rt:
    mov ecx, dword ptr [rsi + TASK_prio]
    bts qword ptr [rdi + RQ_rt_bitmap], rcx
    mov eax, ecx
    shl rax, 0x4                                            // LIST__size
    lea rax, [rdi + rax + RQ_rt_queues]
    lea r8, [rsi + TASK_rt_run_list]
    test dl, ENQUEUE_HEAD
    jnz .Lhead
    list_add_tail r8, rax, r9
    jmp .Lqueued
.Lhead:
    list_add r8, rax, r9
.Lqueued:
    inc dword ptr [rdi + RQ_rt_nr_running]
    cmp ecx, dword ptr [rdi + RQ_rt_highest_prio_curr]
    jge .Lnot_highest
    mov dword ptr [rdi + RQ_rt_highest_prio_curr], ecx
.Lnot_highest:
    mov dword ptr [rdi + RQ_rt_queued], 0x1
    inc dword ptr [rdi + RQ_nr_running]                     // add_nr_running
    ret
