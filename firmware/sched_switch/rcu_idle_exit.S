// void rcu_idle_exit(void)
// Source: Linux 4.8, kernel/rcu/tree.c, rcu_idle_exit, rcu_eqs_exit, rcu_eqs_exit_common (18 instructions)
// Entry: interrupts on
// Exit:  RCU watches this core again
// Clobbers: caller-saved registers
// Lock: none held
//@ state idle
rcu_idle_exit:
    pushfq
    pop rsi
    cli
    mov rdx, qword ptr gs:[PERCPU_this_cpu_off]
    lea rdx, [rdx + PERCPU_rcu_dynticks]
    mov rcx, DYNTICK_TASK_NEST_MASK
    test qword ptr [rdx + DYNTICK_nesting], rcx
    jnz .Lnested
    mov rax, DYNTICK_TASK_EXIT_IDLE
    mov qword ptr [rdx + DYNTICK_nesting], rax
    lock inc dword ptr [rdx + DYNTICK_dynticks]
    test byte ptr [rdx + DYNTICK_dynticks], 0x1
    jz .Lunsupported
.Lout:
    push rsi
    popfq
    ret
.Lnested:
    mov rax, DYNTICK_TASK_NEST_VALUE
    add qword ptr [rdx + DYNTICK_nesting], rax
    jmp .Lout
.Lunsupported:
    //@ event unsupported
    ud2
