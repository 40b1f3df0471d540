// static void __rt_mutex_adjust_prio(struct task_struct *task)
// Source: Linux 4.8, kernel/locking/rtmutex.c, __rt_mutex_adjust_prio, rt_mutex_getprio
// Entry: rdi task; interrupts off
// Exit:  its priority is the higher one of its own and its first waiter's
// Clobbers: caller-saved registers
// Lock: task->pi_lock held
//@ state kernel
__rt_mutex_adjust_prio:
    mov esi, dword ptr [rdi + TASK_normal_prio]
    lea rcx, [rdi + TASK_pi_waiters]
    mov rax, qword ptr [rcx + LIST_next]
    test rax, rax
    jz .Lknown                                              // the list has never been used
    cmp rax, rcx
    je .Lknown
    mov eax, dword ptr [rax - PLIST_list + PLIST_prio]
    cmp eax, esi
    cmovl esi, eax
.Lknown:
    cmp esi, dword ptr [rdi + TASK_prio]
    jne rt_mutex_setprio
    ret
