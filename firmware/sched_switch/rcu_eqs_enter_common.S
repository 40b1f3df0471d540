// static void rcu_eqs_enter_common(long long oldval, bool user)
// Source: Linux 4.8, kernel/rcu/tree.c, rcu_eqs_enter_common (20 instructions)
// Entry: interrupts off
// Exit:  dynticks is even: this core is in an extended quiescent state
// Clobbers: rax
// Lock: none held
//@ state idle
rcu_eqs_enter_common:
    mov rax, qword ptr gs:[PERCPU_current]
    cmp dword ptr [rax + TASK_pid], 0x0                     // is_idle_task
    jne .Lunsupported
    mov rax, qword ptr [rcu_struct_flavors]
    jmp .Lcheck
.Lflavour:                                                  // deferred wakeups of off-loaded callbacks: none
    mov rax, qword ptr [rax + RSP_flavors_next]
.Lcheck:
    cmp rax, rcu_struct_flavors
    jne .Lflavour
    mov rax, qword ptr gs:[PERCPU_this_cpu_off]
    lock inc dword ptr [rax + PERCPU_rcu_dynticks + DYNTICK_dynticks]
    test byte ptr [rax + PERCPU_rcu_dynticks + DYNTICK_dynticks], 0x1
    jnz .Lunsupported
    ret
.Lunsupported:
    //@ event unsupported
    ud2
