// The rest of try_to_wake_up, where the woken task's core shares no last-level cache with this one: ttwu_queue_remote
// Source: Linux 4.8, kernel/sched/core.c, ttwu_queue_remote with llist_add and set_nr_if_polling inlined
// Entry: as it stands there: rbx p, ecx its core, rax that core's per-CPU area, r12d wake_flags, r15 p->pi_lock, ebp 1
// Exit:  try_to_wake_up's; p is on the core's wake list, and a core whose list was empty and that does not poll has been interrupted
// Clobbers: caller-saved registers
// Lock: p->pi_lock held and released; no rq->lock is taken, that is the point
//@ state scheduler
try_to_wake_up_remote:
    .set FRAME_flags, 0x8
    .set FRAME__size, 0x18
    movzx edx, byte ptr [rbx + TASK_sched_bits]
    and r12d, WF_MIGRATED
    and edx, 0xfffffff7                                     // sched_remote_wakeup, 0x8
    add r12d, r12d
    or edx, r12d
    mov byte ptr [rbx + TASK_sched_bits], dl
    mov r8, qword ptr [rax + PERCPU_runqueue]               // rq
    lea rdx, [rbx + TASK_wake_entry]
    mov rax, qword ptr [r8 + RQ_wake_list]
.Ladd:
    mov qword ptr [rdx], rax                                // the first task so far comes behind this one
    lock cmpxchg qword ptr [r8 + RQ_wake_list], rdx
    jne .Ladd
    test rax, rax
    jnz .Lout                                               // who put the first one there has told the core
    mov rdx, qword ptr [r8 + RQ_idle]
    mov rdx, qword ptr [rdx + TASK_stack]
    mov eax, dword ptr [rdx + TI_flags]
.Lpolls:
    test eax, _TIF_POLLING_NRFLAG
    jz .Linterrupt
    test eax, _TIF_NEED_RESCHED                             // it is about to look
    jnz .Lout
    mov esi, eax
    or esi, _TIF_NEED_RESCHED
    lock cmpxchg dword ptr [rdx + TI_flags], esi
    jne .Lpolls
    jmp .Lout
.Linterrupt:
    mov edi, ecx
    call qword ptr [smp_ops + SMPOPS_smp_send_reschedule]
.Lout:
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
