// static int wakeup_preempt_entity(struct sched_entity *curr, struct sched_entity *se)
// Source: Linux 4.8, kernel/sched/fair.c, wakeup_preempt_entity with wakeup_gran inlined
// Entry: rdi curr, rsi se
// Exit:  eax -1: curr is behind, 0: se is, but not by a granularity, 1: se should preempt
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
wakeup_preempt_entity:
    push rbx
    mov rbx, qword ptr [rdi + SE_vruntime]
    sub rbx, qword ptr [rsi + SE_vruntime]                  // vdiff
    jle .Lbehind
    mov rax, qword ptr [sysctl_sched_wakeup_granularity]
    cmp qword ptr [rsi + SE_load_weight], NICE_0_LOAD
    jne .Lweighted
.Lgranularity:
    cmp rbx, rax
    setg al
    movzx eax, al
    pop rbx
    ret
.Lbehind:
    mov eax, 0xffffffff
    pop rbx
    ret
.Lweighted:
    lea rdx, [rsi + SE_load_weight]
    mov esi, 0x100000
    mov rdi, rax
    call __calc_delta
    jmp .Lgranularity
