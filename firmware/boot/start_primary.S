// void start_primary(void)
// Source: the part of Linux 4.8's start_kernel, smp_init and kernel_init that a machine built for one program needs
// Entry: core 0, long mode with paging, interrupts off, no stack
// Exit:  never: all cores are up, all tasks are released, this core is its idle task
// Clobbers: all
// Lock: none held
//@ state kernel
start_primary:
    mov rdi, qword ptr [__per_cpu_offset]                   // core 0
    mov rsp, qword ptr [rdi + PERCPU_kernel_stack]          // the idle task's
    call cpu_init

// The other cores, all at once: each counts itself in when it is ready.
    mov ebx, 0x1
.Lnext_core:
    cmp ebx, dword ptr [nr_cpu_ids]
    jae .Lwait_online
    mov edi, ebx
    call wakeup_secondary_cpu
    inc ebx
    jmp .Lnext_core
.Lwait_online:
    mov eax, dword ptr [nr_cpus_online]
    cmp eax, dword ptr [nr_cpu_ids]
    je .Lonline
    pause
    jmp .Lwait_online

// Release the user tasks, in their order.
.Lonline:
    xor ebx, ebx
    mov rbp, qword ptr [boot_tasks]
    mov r12, qword ptr [boot_affinities]
.Lnext_task:
    mov rdi, qword ptr [rbp + rbx*8]
    mov esi, TASK_NORMAL
    xor edx, edx                                            // no wake flags
    call try_to_wake_up
    test r12, r12
    jnz .Lset_affinity
.Lwoken:
    inc ebx
    cmp ebx, dword ptr [boot_nr_tasks]
    jb .Lnext_task
    mov edi, CPUHP_ONLINE
    //@ event boot_done
    call cpu_startup_entry
    ud2
// It was woken pinned to the core that fork balancing chose; as do_set_cpus_allowed does, let it go where it may.
.Lset_affinity:
    mov rdi, qword ptr [rbp + rbx*8]
    mov rax, qword ptr [r12 + BAFFIN_cpus_allowed]
    mov ecx, dword ptr [r12 + BAFFIN_nr_cpus_allowed]
    add r12, BAFFIN__size
    cmp ecx, dword ptr [rdi + TASK_nr_cpus_allowed]
    je .Lwoken
    mov qword ptr [rdi + TASK_cpus_allowed], rax
    mov dword ptr [rdi + TASK_nr_cpus_allowed], ecx
    jmp .Lwoken
