// void set_task_cpu(struct task_struct *p, unsigned int new_cpu)
// Source: Linux 4.8, kernel/sched/core.c, set_task_cpu; fair.c, migrate_task_rq_fair, remove_entity_load_avg; sched.h, set_task_rq
// Entry: rdi p, esi new_cpu
// Exit:  p belongs to the other core's queues; its load is left for the old one to subtract
// Clobbers: caller-saved registers
// Lock: p->pi_lock held, p is TASK_WAKING
//@ state scheduler
set_task_cpu:
    mov r8, qword ptr [rdi + TASK_se + SE_cfs_rq]
    mov rax, qword ptr [r8 + CFS_min_vruntime]
    sub qword ptr [rdi + TASK_se + SE_vruntime], rax        // relative until it is queued again
    mov rax, qword ptr [rdi + TASK_se + SE_avg + AVG_load_avg]
    lock add qword ptr [r8 + CFS_removed_load_avg], rax
    mov rax, qword ptr [rdi + TASK_se + SE_avg + AVG_util_avg]
    lock add qword ptr [r8 + CFS_removed_util_avg], rax
    mov qword ptr [rdi + TASK_se + SE_avg + AVG_last_update_time], 0x0// to be attached
    mov qword ptr [rdi + TASK_se + SE_exec_start], 0x0
    inc qword ptr [rdi + TASK_se + SE_nr_migrations]
    mov r8, qword ptr [rdi + TASK_sched_task_group]
    mov eax, esi
    mov rcx, qword ptr [r8 + TG_cfs_rq]
    mov rcx, qword ptr [rcx + rax*8]
    mov qword ptr [rdi + TASK_se + SE_cfs_rq], rcx
    mov rcx, qword ptr [r8 + TG_se]
    mov rcx, qword ptr [rcx + rax*8]
    mov qword ptr [rdi + TASK_se + SE_parent], rcx
    mov rax, qword ptr [rdi + TASK_stack]
    mov dword ptr [rax + TI_cpu], esi
    mov dword ptr [rdi + TASK_wake_cpu], esi
    ret
