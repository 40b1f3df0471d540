// static int wake_affine(struct sched_domain *sd, struct task_struct *p, int prev_cpu, int sync)
// Source: Linux 4.8, kernel/sched/fair.c, wake_affine; source_load and target_load with wake_idx 0 are the present load
// Entry: rdi sd, rsi p, edx prev_cpu, ecx nonzero: the waker is about to sleep
// Exit:  eax 1: the waker's core can take p without being the more loaded one
// Clobbers: caller-saved registers
// Lock: p->pi_lock held
//@ state scheduler
wake_affine:
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    sub rsp, FRAME__size
    .set FRAME_this_eff_load, 0x0
    .set FRAME_prev_eff_load, 0x8
    .set FRAME_imbalance_pct, 0x10
    .set FRAME__size, 0x18
    mov rbp, rsi                                            // p
    mov r12d, edx                                           // prev_cpu
    mov r13d, dword ptr gs:[PERCPU_cpu_number]              // this_cpu
    mov eax, dword ptr [rdi + SD_imbalance_pct]
    mov dword ptr [rsp + FRAME_imbalance_pct], eax
    mov rax, qword ptr [__per_cpu_offset + r12*8]
    mov rax, qword ptr [rax + PERCPU_runqueue]
    mov r14, qword ptr [rax + RQ_cfs + CFS_runnable_load_avg]// load
    mov rax, qword ptr [__per_cpu_offset + r13*8]
    mov rax, qword ptr [rax + PERCPU_runqueue]
    mov r15, qword ptr [rax + RQ_cfs + CFS_runnable_load_avg]// this_load
    test ecx, ecx
    jnz .Lsync
.Lloads:
    mov rbx, qword ptr [rbp + TASK_se + SE_avg + AVG_load_avg]// weight
    mov rax, qword ptr [__per_cpu_offset + r12*8]
    mov rax, qword ptr [rax + PERCPU_runqueue]
    imul rax, qword ptr [rax + RQ_cpu_capacity], 0x64       // 100 x capacity_of(prev_cpu)
    mov qword ptr [rsp + FRAME_this_eff_load], rax
    mov ecx, dword ptr [rsp + FRAME_imbalance_pct]
    sub ecx, 0x64
    shr ecx, 0x1
    add ecx, 0x64                                           // half of the imbalance that balancing tolerates
    mov rax, qword ptr [__per_cpu_offset + r13*8]
    mov rax, qword ptr [rax + PERCPU_runqueue]
    imul rcx, qword ptr [rax + RQ_cpu_capacity]
    mov qword ptr [rsp + FRAME_prev_eff_load], rcx
    test r15, r15
    jle .Lcompare
    mov rcx, rbx                                            // with p here
    mov rdx, rbx
    mov esi, r13d
    mov rdi, qword ptr [rbp + TASK_sched_task_group]
    call effective_load
    add rax, r15
    imul rax, qword ptr [rsp + FRAME_this_eff_load]
    mov qword ptr [rsp + FRAME_this_eff_load], rax
    mov rcx, rbx                                            // and with p there
    xor edx, edx
    mov esi, r12d
    mov rdi, qword ptr [rbp + TASK_sched_task_group]
    call effective_load
    add rax, r14
    imul rax, qword ptr [rsp + FRAME_prev_eff_load]
    mov qword ptr [rsp + FRAME_prev_eff_load], rax
.Lcompare:
    mov rdx, qword ptr [rsp + FRAME_this_eff_load]
    xor eax, eax
    cmp rdx, qword ptr [rsp + FRAME_prev_eff_load]
    setle al
    add rsp, FRAME__size
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret
// The waker's own load leaves with it.
.Lsync:
    mov rax, qword ptr gs:[PERCPU_current]
    mov rbx, qword ptr [rax + TASK_se + SE_avg + AVG_load_avg]
    neg rbx
    mov rcx, rbx
    mov rdx, rbx
    mov esi, r13d
    mov rdi, qword ptr [rax + TASK_sched_task_group]
    call effective_load
    add r15, rax
    mov rcx, rbx
    xor edx, edx
    mov esi, r12d
    mov rax, qword ptr gs:[PERCPU_current]
    mov rdi, qword ptr [rax + TASK_sched_task_group]
    call effective_load
    add r14, rax
    jmp .Lloads
