// static int try_to_wake_up(struct task_struct *p, unsigned int state, int wake_flags)
// Source: Linux 4.8, kernel/sched/core.c, try_to_wake_up with ttwu_queue and ttwu_remote inlined (83 instructions when p sleeps, pinned)
// Entry: rdi p, esi states to wake from, edx wake_flags (0x4: WF_MIGRATED)
// Exit:  eax 1: woken, 0: p was in none of the states
// Clobbers: caller-saved registers
// Lock: takes p->pi_lock with interrupts off, then the rq->lock of p's core inside it
//@ state scheduler
try_to_wake_up:
//@ event wakeup reg=rdi
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    sub rsp, FRAME__size
    .set FRAME_flags, 0x8
    .set FRAME__size, 0x18
    mov rbx, rdi                                            // p
    mov r13d, esi                                           // state
    mov r12d, edx                                           // wake_flags
// smp_mb__before_spinlock: the waker's stores come before the load of p->state; the lock's LOCK prefix does it
    lea r15, [rdi + TASK_pi_lock]
    mov rdi, r15
    call _raw_spin_lock_irqsave
    mov qword ptr [rsp + FRAME_flags], rax
    xor ebp, ebp                                            // success
    mov eax, r13d
    test qword ptr [rbx + TASK_state], rax
    jz .Lout
    mov ebp, 0x1
    mov rax, qword ptr [rbx + TASK_stack]
    mov r14d, dword ptr [rax + TI_cpu]                      // task_cpu
// smp_rmb: p->on_rq is loaded after p->state; x86 keeps loads in order
    mov eax, dword ptr [rbx + TASK_on_rq]
    test eax, eax
    jne .Lon_runqueue
.Loff_runqueue:
// smp_rmb: p->on_cpu is loaded after p->on_rq; x86 keeps loads in order
    mov eax, dword ptr [rbx + TASK_on_cpu]
    test eax, eax
    jne .Lstill_running                                     // its core has yet to leave it
.Lleft:
// smp_cond_load_acquire: what p's core stored before it let p go is seen; x86 keeps loads in order
// Off every queue and every core: from here on the task is ours.
    mov rax, qword ptr [rbx + TASK_state]
    xor ecx, ecx                                            // task_contributes_to_load
    test al, TASK_UNINTERRUPTIBLE
    jnz .Luninterruptible
.Lload_known:
    movzx eax, byte ptr [rbx + TASK_sched_bits]
    and eax, 0xfffffffd                                     // sched_contributes_to_load
    or eax, ecx
    mov byte ptr [rbx + TASK_sched_bits], al
    mov qword ptr [rbx + TASK_state], TASK_WAKING
    cmp dword ptr [rbx + TASK_nr_cpus_allowed], 0x1
    jg .Lchoose
    lea rdi, [rbx + TASK_cpus_allowed]                      // cpumask_any: pinned, there is only one
    mov esi, 0x40
    call find_first_bit
.Lchosen:
    movsxd rcx, eax
    mov rdx, qword ptr [rbx + TASK_cpus_allowed]
    bt rdx, rcx
    jnc .Lfallback
    mov rdx, qword ptr [__cpu_online_mask]
    bt rdx, rcx
    jnc .Lfallback
    cmp eax, r14d
    jne .Lmigrate
.Lplaced:
// ttwu_queue: does the target share its last-level cache with this core?
    mov edx, dword ptr gs:[PERCPU_cpu_number]
    mov rdx, qword ptr [__per_cpu_offset + rdx*8]
    mov rax, qword ptr [__per_cpu_offset + rcx*8]
    mov edx, dword ptr [rdx + PERCPU_sd_llc_id]
    cmp edx, dword ptr [rax + PERCPU_sd_llc_id]
    jne try_to_wake_up_remote
    mov r14, qword ptr [rax + PERCPU_runqueue]              // rq
    mov rdi, r14
    call _raw_spin_lock
    mov edx, r12d
    mov rsi, rbx
    mov rdi, r14
    call ttwu_do_activate
    raw_spin_unlock [r14 + RQ_lock]
.Lout:
//@ event wakeup_found_awake reg=rbp zero
    mov rsi, qword ptr [rsp + FRAME_flags]
    mov rdi, r15
    call _raw_spin_unlock_irqrestore
    mov eax, ebp
    add rsp, FRAME__size
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret

.Luninterruptible:
    test dword ptr [rbx + TASK_flags], PF_FROZEN
    jnz .Lload_known
    test eax, TASK_NOLOAD
    jnz .Lload_known
    mov ecx, 0x2
    jmp .Lload_known
.Lchoose:
    mov rax, qword ptr [rbx + TASK_sched_class]
    mov ecx, r12d                                           // wake_flags
    mov edx, SD_BALANCE_WAKE
    mov esi, dword ptr [rbx + TASK_wake_cpu]
    mov rdi, rbx
    call qword ptr [rax + SCLASS_select_task_rq]
    jmp .Lchosen
.Lmigrate:
    or r12d, WF_MIGRATED
    mov r14, rcx
    mov esi, eax
    mov rdi, rbx
    call set_task_cpu
    mov rcx, r14
    jmp .Lplaced
.Lstill_running:
    pause
    mov eax, dword ptr [rbx + TASK_on_cpu]
    test eax, eax
    jne .Lstill_running
    jmp .Lleft
// ttwu_remote: p has not left its queue; it only has to be told that it stays.
.Lon_runqueue:
    mov rdi, rbx
    call __task_rq_lock
    mov r14, rax                                            // rq
    cmp dword ptr [rbx + TASK_on_rq], TASK_ON_RQ_QUEUED
    jne .Lhas_left
    mov rdi, r14
    call update_rq_clock                                    // check_preempt_curr may look at it
    mov edx, r12d
    mov rsi, rbx
    mov rdi, r14
    call ttwu_do_wakeup
    raw_spin_unlock [r14 + RQ_lock]
    jmp .Lout
.Lhas_left:
    raw_spin_unlock [r14 + RQ_lock]
    mov rax, qword ptr [rbx + TASK_stack]
    mov r14d, dword ptr [rax + TI_cpu]
    jmp .Loff_runqueue
.Lfallback:
// select_fallback_rq: none of the cores that the task may use is there
    //@ event unsupported
    ud2
