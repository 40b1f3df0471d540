// static int select_task_rq_fair(struct task_struct *p, int prev_cpu, int sd_flag, int wake_flags)
// Source: Linux 4.8, kernel/sched/fair.c, select_task_rq_fair: record_wakee, wake_affine by load, select_idle_sibling over modules of two
// Entry: rdi p, esi prev_cpu, edx sd_flag, ecx wake_flags
// Exit:  eax the core to run on
// Clobbers: caller-saved registers
// Lock: p->pi_lock held
//@ state scheduler
select_task_rq_fair:
    push r13
    push r12
    push rbp
    push rbx
    mov rbx, rdi                                            // p
    mov r12d, esi                                           // prev_cpu
// record_wakee
    mov rax, qword ptr gs:[PERCPU_current]
    cmp qword ptr [rax + TASK_last_wakee], rdi
    je .Lsame_wakee
    mov qword ptr [rax + TASK_last_wakee], rdi
    inc dword ptr [rax + TASK_wakee_flips]
.Lsame_wakee:
// wake_affine: the waker's core if it has no more load than the previous one
    mov ebp, dword ptr gs:[PERCPU_cpu_number]
    mov rax, qword ptr [rbx + TASK_cpus_allowed]
    bt rax, rbp
    jnc .Lstay
    mov rax, qword ptr gs:[PERCPU_runqueue]
    mov rcx, qword ptr [rax + RQ_cfs + CFS_runnable_load_avg]
    mov eax, r12d
    mov rax, qword ptr [__per_cpu_offset + rax*8]
    mov rax, qword ptr [rax + PERCPU_runqueue]
    cmp rcx, qword ptr [rax + RQ_cfs + CFS_runnable_load_avg]
    jbe .Ltarget
.Lstay:
    mov ebp, r12d
.Ltarget:
// select_idle_sibling: the target if it is idle, then the previous core, then a module of which both cores are
    mov edi, ebp
    call idle_cpu
    test eax, eax
    jnz .Lout
    mov edi, r12d
    call idle_cpu
    test eax, eax
    jnz .Lprevious
    xor r13d, r13d                                          // first core of the module
.Lmodule:
    cmp r13d, dword ptr [nr_cpu_ids]
    jae .Lout
    mov rax, qword ptr [rbx + TASK_cpus_allowed]
    bt rax, r13
    jnc .Lnext_module
    mov edi, r13d
    call idle_cpu
    test eax, eax
    jz .Lnext_module
    lea edi, [r13 + 0x1]
    cmp edi, dword ptr [nr_cpu_ids]
    jae .Lfound
    call idle_cpu
    test eax, eax
    jnz .Lfound
.Lnext_module:
    add r13d, 0x2
    jmp .Lmodule
.Lfound:
    mov ebp, r13d
    jmp .Lout
.Lprevious:
    mov ebp, r12d
.Lout:
    mov eax, ebp
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
