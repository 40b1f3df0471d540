// static struct sched_entity *pick_next_entity(struct cfs_rq *cfs_rq, struct sched_entity *curr)
// Source: Linux 4.8, kernel/sched/fair.c, pick_next_entity (31 instructions without buddies)
// Entry: rdi cfs_rq, rsi curr or 0
// Exit:  rax the leftmost entity, unless a buddy is preferred and not too far behind
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
pick_next_entity:
    push r12
    push rbp
    push rbx
    mov rbp, rdi                                            // cfs_rq
    mov rax, qword ptr [rdi + CFS_rb_leftmost]
    lea r12, [rax - SE_run_node]                            // left
    test rax, rax
    jz .Lcurr_is_left
    test rsi, rsi
    jz .Lleft
    mov rax, qword ptr [rsi + SE_vruntime]
    sub rax, qword ptr [r12 + SE_vruntime]
    jns .Lleft
.Lcurr_is_left:
    mov r12, rsi
.Lleft:
    mov rbx, r12                                            // se
    cmp qword ptr [rbp + CFS_skip], r12
    je .Lskip_buddy
.Lprefer:
    mov rdi, qword ptr [rbp + CFS_last]
    test rdi, rdi
    jz .Lno_last
    mov rsi, r12
    call wakeup_preempt_entity
    test eax, eax
    jg .Lno_last
    mov rbx, qword ptr [rbp + CFS_last]                     // back to the task that was preempted: its cache is warm
.Lno_last:
    mov rdi, qword ptr [rbp + CFS_next]
    test rdi, rdi
    jz .Lno_next
    mov rsi, r12
    call wakeup_preempt_entity
    test eax, eax
    jg .Lno_next
    mov rbx, qword ptr [rbp + CFS_next]                     // somebody wants this one to run
.Lno_next:
    mov rsi, rbx
    mov rdi, rbp
    call clear_buddies
    mov rax, rbx
    pop rbx
    pop rbp
    pop r12
    ret
.Lskip_buddy:                                               // it has yielded: take the second if that is not too unfair
    push rsi
    cmp r12, rsi
    jne .Lsecond_in_tree
    mov rax, qword ptr [rbp + CFS_rb_leftmost]
    test rax, rax
    jz .Lskip_checked
    lea rdi, [rax - SE_run_node]
    jmp .Lsecond
.Lsecond_in_tree:
    lea rdi, [r12 + SE_run_node]
    call rb_next
    mov rsi, qword ptr [rsp]                                // curr
    lea rdi, [rax - SE_run_node]
    test rax, rax
    jz .Lsecond_is_curr
    test rsi, rsi
    jz .Lsecond
    mov rcx, qword ptr [rsi + SE_vruntime]
    sub rcx, qword ptr [rdi + SE_vruntime]
    jns .Lsecond
.Lsecond_is_curr:
    mov rdi, rsi
    test rsi, rsi
    jz .Lskip_checked
.Lsecond:
    push rdi
    mov rsi, r12
    call wakeup_preempt_entity
    pop rdi
    test eax, eax
    jg .Lskip_checked
    mov rbx, rdi
.Lskip_checked:
    pop rsi
    jmp .Lprefer
