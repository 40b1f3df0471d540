// static struct rq *finish_task_switch(struct task_struct *prev)
// Source: Linux 4.8, kernel/sched/core.c, finish_task_switch, finish_lock_switch (36 instructions after idle, 34 after a task)
// Entry: rdi prev, on the stack of the task that runs now; interrupts off
// Exit:  rax this core's rq; interrupts on
// Clobbers: caller-saved registers
// Lock: releases rq->lock, which prev took
//@ state scheduler
finish_task_switch:
    push r13
    push r12
    push rbp
    push rbx
    mov rbx, qword ptr gs:[PERCPU_runqueue]                 // rq
    mov r12, rdi                                            // prev
    mov rbp, qword ptr [rbx + RQ_prev_mm]                   // mm that prev had borrowed
    expect_preempt_count 0x2, .Lunsupported                 // schedule's and the lock's
    mov qword ptr [rbx + RQ_prev_mm], 0x0
    mov r13, qword ptr [rdi + TASK_state]                   // before another core may wake it
    nop                                                     // perf_swevent_enabled: jump label, off
    nop                                                     // perf_sched_events: jump label, off
// smp_store_release: all of prev's stores come before; x86 keeps stores in order
    mov dword ptr [rdi + TASK_on_cpu], 0x0                  // try_to_wake_up waits for this
    raw_spin_unlock [rbx + RQ_lock]
    sti
    test rbp, rbp
    jz .Lno_mm
    lock dec dword ptr [rbp + MM_mm_count]                  // mmdrop
    jz .Lunsupported
.Lno_mm:
    cmp r13, TASK_DEAD
    je .Ldead
.Lout:
    mov rax, rbx
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
.Ldead:
    lock dec dword ptr [r12 + TASK_usage]                   // put_task_struct: its creator's reference remains
    jnz .Lout
.Lunsupported:
    //@ event unsupported
    ud2
