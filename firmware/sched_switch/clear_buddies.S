// static void clear_buddies(struct cfs_rq *cfs_rq, struct sched_entity *se)
// Source: Linux 4.8, kernel/sched/fair.c, clear_buddies, __clear_buddies_last, _next, _skip (7 instructions if se is none)
// Entry: rdi cfs_rq, rsi se
// Exit:  no queue from se upward has se's line as its last, next or skip buddy
// Clobbers: rax rcx
// Lock: rq->lock held
//@ state scheduler
clear_buddies:
    cmp qword ptr [rdi + CFS_last], rsi
    je .Llast
.Lcheck_next:
    cmp qword ptr [rdi + CFS_next], rsi
    je .Lnext
.Lcheck_skip:
    cmp qword ptr [rdi + CFS_skip], rsi
    je .Lskip
    ret
.Llast:
    mov rax, rsi
.Llast_up:
    mov rcx, qword ptr [rax + SE_cfs_rq]
    cmp qword ptr [rcx + CFS_last], rax
    jne .Lcheck_next
    mov qword ptr [rcx + CFS_last], 0x0
    mov rax, qword ptr [rax + SE_parent]
    test rax, rax
    jnz .Llast_up
    jmp .Lcheck_next
.Lnext:
    mov rax, rsi
.Lnext_up:
    mov rcx, qword ptr [rax + SE_cfs_rq]
    cmp qword ptr [rcx + CFS_next], rax
    jne .Lcheck_skip
    mov qword ptr [rcx + CFS_next], 0x0
    mov rax, qword ptr [rax + SE_parent]
    test rax, rax
    jnz .Lnext_up
    jmp .Lcheck_skip
.Lskip:
    mov rax, rsi
.Lskip_up:
    mov rcx, qword ptr [rax + SE_cfs_rq]
    cmp qword ptr [rcx + CFS_skip], rax
    jne .Lout
    mov qword ptr [rcx + CFS_skip], 0x0
    mov rax, qword ptr [rax + SE_parent]
    test rax, rax
    jnz .Lskip_up
.Lout:
    ret
