// static void update_cfs_shares(struct cfs_rq *cfs_rq)
// Source: Linux 4.8, kernel/sched/fair.c, update_cfs_shares with calc_cfs_shares and reweight_entity inlined (51 instructions for two levels)
// Entry: rdi cfs_rq
// Exit:  the group's entity weighs its part of the group's shares
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
update_cfs_shares:
    mov rdx, qword ptr [rdi + CFS_rq]
    mov r8, qword ptr [rdi + CFS_tg]
    movsxd rcx, dword ptr [rdx + RQ_cpu]
    mov rax, qword ptr [r8 + TG_se]
    mov r9, qword ptr [rax + rcx*8]                         // the entity of this core
    test r9, r9
    jz .Lroot
    mov rcx, qword ptr [rdi + CFS_load_weight]
    shr rcx, 0xa                                            // load
    mov r10, qword ptr [r8 + TG_shares]
    mov rsi, qword ptr [r8 + TG_load_avg]
    sub rsi, qword ptr [rdi + CFS_tg_load_avg_contrib]
    add rsi, rcx                                            // tg_weight, with this core's part as it is now
    mov rax, r10
    imul rax, rcx
    test rsi, rsi
    jz .Lno_weight
    cqo
    idiv rsi
.Lno_weight:
    mov ecx, MIN_SHARES
    cmp rax, rcx
    cmovl rax, rcx
    cmp rax, r10
    cmovg rax, r10
// reweight_entity
    push r12
    push rbp
    push rbx
    mov r12, rax                                            // the new weight
    mov rbx, r9                                             // se
    mov rbp, qword ptr [r9 + SE_cfs_rq]
    cmp dword ptr [r9 + SE_on_rq], 0x0
    jne .Lqueued
    mov qword ptr [rbx + SE_load_weight], r12
    mov dword ptr [rbx + SE_load_inv_weight], 0x0
.Lout:
    pop rbx
    pop rbp
    pop r12
.Lroot:
    ret
.Lqueued:
    cmp qword ptr [rbp + CFS_curr], rbx
    jne .Lnot_running
    mov rdi, rbp
    call update_curr                                        // what it has run so far counts by the old weight
.Lnot_running:
    mov rsi, rbx
    mov rdi, rbp
    call account_entity_dequeue
    mov qword ptr [rbx + SE_load_weight], r12
    mov dword ptr [rbx + SE_load_inv_weight], 0x0
    mov rsi, rbx
    mov rdi, rbp
    call account_entity_enqueue
    jmp .Lout
