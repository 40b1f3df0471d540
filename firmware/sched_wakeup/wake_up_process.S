// int wake_up_process(struct task_struct *p)
// Source: Linux 4.8, kernel/sched/core.c, wake_up_process (3 instructions)
// Entry: rdi p
// Exit:  eax 1: p was asleep and has been woken
// Clobbers: caller-saved registers
// Lock: none of the scheduler's; the caller may hold others
//@ state scheduler
wake_up_process:
    xor edx, edx                                            // wake_flags
    mov esi, TASK_NORMAL
    jmp try_to_wake_up
