// void set_task_cpu(struct task_struct *p, unsigned int new_cpu)
// Source: Linux 4.8, kernel/sched/core.c, set_task_cpu; kernel/sched/sched.h, __set_task_cpu and set_task_rq inlined
// Entry: rdi p, esi new_cpu
// Exit:  p belongs to the other core's queues
// Clobbers: caller-saved registers
// Lock: p->pi_lock held, p is TASK_WAKING
//@ state scheduler
set_task_cpu:
    push rbp
    push rbx
    mov rbx, rdi                                            // p
    mov ebp, esi                                            // new_cpu
    mov rax, qword ptr [rdi + TASK_stack]
    cmp dword ptr [rax + TI_cpu], esi
    je .Lsame_cpu
    mov rax, qword ptr [rdi + TASK_sched_class]
    mov rax, qword ptr [rax + SCLASS_migrate_task_rq]
    test rax, rax
    jz .Lclass_told
    call rax
.Lclass_told:
    inc qword ptr [rbx + TASK_se + SE_nr_migrations]
.Lsame_cpu:
    mov rax, qword ptr [rbx + TASK_sched_task_group]
    mov rcx, qword ptr [rax + TG_cfs_rq]
    mov rcx, qword ptr [rcx + rbp*8]
    mov qword ptr [rbx + TASK_se + SE_cfs_rq], rcx
    mov rcx, qword ptr [rax + TG_se]
    mov rcx, qword ptr [rcx + rbp*8]
    mov qword ptr [rbx + TASK_se + SE_parent], rcx
// smp_wmb: once the new core is seen, another may lock the task's run queue there; x86 keeps stores in order
    mov rax, qword ptr [rbx + TASK_stack]
    mov dword ptr [rax + TI_cpu], ebp
    mov dword ptr [rbx + TASK_wake_cpu], ebp
    pop rbx
    pop rbp
    ret
