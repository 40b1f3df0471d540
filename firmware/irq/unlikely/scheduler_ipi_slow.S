// The rest of scheduler_ipi, where cores of another cache domain have left tasks on this one's wake list
// Source: Linux 4.8, kernel/sched/core.c, scheduler_ipi
// Entry: as it stands there: rbx rq, and rbp and rbx of the caller on the stack
// Exit:  scheduler_ipi's: the tasks are queued
// Clobbers: caller-saved registers
// Lock: rq->lock, inside sched_ttwu_pending
//@ state interrupt
scheduler_ipi_slow:
    call irq_enter
    call sched_ttwu_pending
    mov rax, qword ptr [rbx + RQ_nohz_flags]
    shr rax, 0x1                                            // NOHZ_BALANCE_KICK: there is no load balancing
    test al, 0x1
    jnz .Lunsupported
    call irq_exit
    pop rbx
    pop rbp
    ret
.Lunsupported:
    //@ event unsupported
    ud2
