// static int select_idle_sibling(struct task_struct *p, int target)
// Source: Linux 4.8, kernel/sched/fair.c, select_idle_sibling
// Entry: rdi p, esi target
// Exit:  eax target or p's core if it is idle, else a core of an idle group below the cache domain, else target
// Clobbers: caller-saved registers
// Lock: any: what is idle may change
//@ state scheduler
select_idle_sibling:
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    mov rbx, rdi                                            // p
    mov ebp, esi                                            // target
    mov edi, esi
    call idle_cpu
    test eax, eax
    jnz .Lout
    mov rax, qword ptr [rbx + TASK_stack]
    mov r12d, dword ptr [rax + TI_cpu]
    cmp r12d, ebp
    je .Lscan
    mov rax, qword ptr [__per_cpu_offset + r12*8]           // cpus_share_cache
    mov eax, dword ptr [rax + PERCPU_sd_llc_id]
    mov rdx, qword ptr [__per_cpu_offset + rbp*8]
    cmp eax, dword ptr [rdx + PERCPU_sd_llc_id]
    jne .Lscan
    mov edi, r12d
    call idle_cpu
    test eax, eax
    jnz .Lprevious
// A group that is idle as a whole, on the highest level that shares the cache: there it disturbs nobody.
.Lscan:
    mov rax, qword ptr [__per_cpu_offset + rbp*8]
    mov r13, qword ptr [rax + PERCPU_sd_llc]                // sd
    test r13, r13
    jz .Lout
.Ldomain:
    mov r14, qword ptr [r13 + SD_groups]                    // sg
.Lgroup:
    mov r15, qword ptr [r14 + SG_cpumask]
    test qword ptr [rbx + TASK_cpus_allowed], r15
    jz .Lnext_group
    mov r12, r15
.Lcore:
    bsf rdi, r12
    cmp edi, ebp
    je .Lnext_group                                         // target, known to be busy
    call idle_cpu
    test eax, eax
    jz .Lnext_group
    lea rax, [r12 - 0x1]
    and r12, rax                                            // without the core just seen
    jnz .Lcore
    and r15, qword ptr [rbx + TASK_cpus_allowed]
    bsf rbp, r15
    jmp .Lout
.Lnext_group:
    mov r14, qword ptr [r14 + SG_next]
    cmp r14, qword ptr [r13 + SD_groups]
    jne .Lgroup
    mov r13, qword ptr [r13 + SD_child]
    test r13, r13
    jnz .Ldomain
    jmp .Lout
.Lprevious:
    mov ebp, r12d
.Lout:
    mov eax, ebp
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret
