// void rcu_idle_enter(void)
// Source: Linux 4.8, kernel/rcu/tree.c, rcu_idle_enter, rcu_eqs_enter (17 instructions)
// Entry: interrupts off
// Exit:  RCU no longer waits for this core
// Clobbers: caller-saved registers
// Lock: none held
//@ state idle
rcu_idle_enter:
    push rbx
    pushfq
    pop rbx
    cli
    mov rdx, qword ptr gs:[PERCPU_this_cpu_off]
    lea rdx, [rdx + PERCPU_rcu_dynticks]
    mov rax, qword ptr [rdx + DYNTICK_nesting]
    mov rcx, DYNTICK_TASK_NEST_MASK
    mov rsi, DYNTICK_TASK_NEST_VALUE
    and rcx, rax
    cmp rcx, rsi
    jne .Lnested
    mov qword ptr [rdx + DYNTICK_nesting], 0x0
    call rcu_eqs_enter_common
.Lout:
    push rbx
    popfq
    pop rbx
    ret
.Lnested:
    sub qword ptr [rdx + DYNTICK_nesting], rsi
    jmp .Lout
