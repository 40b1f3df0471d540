// static void update_min_vruntime(struct cfs_rq *cfs_rq)
// Source: Linux 4.8, kernel/sched/fair.c, update_min_vruntime (17 instructions)
// Entry: rdi cfs_rq
// Exit:  min_vruntime follows the smallest vruntime, never back
// Clobbers: rax rcx rdx
// Lock: rq->lock held
//@ state scheduler
update_min_vruntime:
    mov rcx, qword ptr [rdi + CFS_min_vruntime]
    mov rdx, qword ptr [rdi + CFS_curr]
    mov rax, rcx
    test rdx, rdx
    jz .Lno_curr
    mov rax, qword ptr [rdx + SE_vruntime]
.Lno_curr:
    mov r8, qword ptr [rdi + CFS_rb_leftmost]
    test r8, r8
    jz .Lcompared
    mov r8, qword ptr [r8 + SE_vruntime - SE_run_node]
    test rdx, rdx
    jz .Lleftmost
    mov rdx, r8
    sub rdx, rax
    jns .Lcompared                                          // the running one is behind
.Lleftmost:
    mov rax, r8
.Lcompared:
    mov rdx, rax
    sub rdx, rcx
    cmovs rax, rcx                                          // never back
    mov qword ptr [rdi + CFS_min_vruntime], rax
    ret
