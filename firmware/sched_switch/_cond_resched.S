// int __sched _cond_resched(void)
// Source: Linux 4.8, kernel/sched/core.c, _cond_resched, should_resched, preempt_schedule_common
// Entry: interrupts on
// Exit:  eax 1 if another task was given the core meanwhile, else 0
// Clobbers: caller-saved registers
// Lock: none held
//@ state scheduler
_cond_resched:
    xor eax, eax
    cmp dword ptr gs:[PERCPU_preempt_count], 0x0            // zero: preemptible and, the top bit clear, a reschedule is due
    jne .Lout
    push rbx
.Lagain:
    preempt_disable
    mov edi, 0x1                                            // preempt = true
    call __schedule
    preempt_enable_no_resched
    mov rax, qword ptr gs:[PERCPU_kernel_stack]
    test byte ptr [rax + TI_flags - THREAD__size], _TIF_NEED_RESCHED
    jnz .Lagain
    mov eax, 0x1
    pop rbx
.Lout:
    ret
