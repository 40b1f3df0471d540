// static int try_to_wake_up(struct task_struct *p, unsigned int state, int wake_flags)
// Source: Linux 4.8, kernel/sched/core.c, try_to_wake_up (83 instructions when p sleeps, pinned)
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
    .set FRAME_flags, 0x0
    .set FRAME_cpu, 0x8
    .set FRAME__size, 0x10
    mov rbx, rdi                                            // p
    mov ebp, esi                                            // state
    mov r12d, edx                                           // wake_flags
    lea r15, [rdi + TASK_pi_lock]
    mov rdi, r15
    call _raw_spin_lock_irqsave
    mov qword ptr [rsp + FRAME_flags], rax
    xor r13d, r13d                                          // success
    mov eax, ebp
    and rax, qword ptr [rbx + TASK_state]
    jz .Lout
    mov r13d, 0x1
    mov rax, qword ptr [rbx + TASK_stack]
    mov r14d, dword ptr [rax + TI_cpu]
    cmp dword ptr [rbx + TASK_on_rq], 0x0
    jne .Lon_runqueue
.Loff_runqueue:
    cmp dword ptr [rbx + TASK_on_cpu], 0x0
    jne .Lstill_running                                     // its core has yet to leave it
.Lleft:
// Off every queue and every core: from here on the task is ours.
    mov rax, qword ptr [rbx + TASK_state]
    mov ecx, dword ptr [rbx + TASK_sched_bits]
    and ecx, 0xfffffffd                                     // sched_contributes_to_load
    test al, 0x2                                            // TASK_UNINTERRUPTIBLE
    jz .Lno_load
    test dword ptr [rbx + TASK_flags], 0x10000              // PF_FROZEN
    jnz .Lno_load
    or ecx, 0x2
.Lno_load:
    mov dword ptr [rbx + TASK_sched_bits], ecx
    mov qword ptr [rbx + TASK_state], 0x100                 // TASK_WAKING
    cmp dword ptr [rbx + TASK_nr_cpus_allowed], 0x1
    jg .Lchoose
    lea rdi, [rbx + TASK_cpus_allowed]                      // pinned: the first allowed core
    mov esi, 0x40
    call find_first_bit
.Lchosen:
    mov ecx, eax
    mov rdx, qword ptr [rbx + TASK_cpus_allowed]
    bt rdx, rcx
    jnc .Lbad_choice
    mov rdx, qword ptr [__cpu_online_mask]
    bt rdx, rcx
    jnc .Lbad_choice
    cmp eax, r14d
    je .Lsame_cpu
    or r12d, 0x4                                            // WF_MIGRATED
    mov r14d, eax
    mov esi, eax
    mov rdi, rbx
    call set_task_cpu
.Lsame_cpu:
// ttwu_queue: all cores share a cache in the scheduler's eyes, so the target's lock is taken from here.
    mov eax, r14d
    mov r14, qword ptr [__per_cpu_offset + rax*8]
    mov r14, qword ptr [r14 + PERCPU_runqueue]              // rq
    test dword ptr [sysctl_sched_features], 0x400           // TTWU_QUEUE: remote lists only across caches
    mov rdi, r14
    call _raw_spin_lock
    mov edx, r12d
    mov rsi, rbx
    mov rdi, r14
    call ttwu_do_activate
    mov byte ptr [r14 + RQ_lock], 0x0
.Lout:
    mov rsi, qword ptr [rsp + FRAME_flags]
    mov rdi, r15
    call _raw_spin_unlock_irqrestore
    mov eax, r13d
    add rsp, FRAME__size
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret

.Lchoose:
    mov rax, qword ptr [rbx + TASK_sched_class]
    mov ecx, r12d                                           // wake_flags
    mov edx, 0x10                                           // SD_BALANCE_WAKE
    mov esi, dword ptr [rbx + TASK_wake_cpu]
    mov rdi, rbx
    call qword ptr [rax + SCLASS_select_task_rq]
    jmp .Lchosen
.Lbad_choice:
    ud2                                                     // a task that no online core may run
.Lstill_running:
    pause
    cmp dword ptr [rbx + TASK_on_cpu], 0x0
    jne .Lstill_running
    jmp .Lleft
// ttwu_remote: p has not left its queue; it only has to be told that it stays.
.Lon_runqueue:
    mov eax, r14d
    mov r14, qword ptr [__per_cpu_offset + rax*8]
    mov r14, qword ptr [r14 + PERCPU_runqueue]
    mov rdi, r14
    call _raw_spin_lock                                     // pi_lock is held: p cannot move to another queue
    cmp dword ptr [rbx + TASK_on_rq], 0x1                   // TASK_ON_RQ_QUEUED
    jne .Lhas_left
    mov rdi, r14
    call update_rq_clock
    mov edx, r12d
    mov rsi, rbx
    mov rdi, r14
    call ttwu_do_wakeup
    mov byte ptr [r14 + RQ_lock], 0x0
    jmp .Lout
.Lhas_left:
    mov byte ptr [r14 + RQ_lock], 0x0
    mov rax, qword ptr [rbx + TASK_stack]
    mov r14d, dword ptr [rax + TI_cpu]
    jmp .Loff_runqueue
