// void rcu_note_context_switch(void)
// Source: Linux 4.8, kernel/rcu/tree.c, rcu_note_context_switch, rcu_sched_qs (7 instructions)
// Entry: interrupts off
// Exit:  nothing to report: the grace-period machinery is not modelled
// Clobbers: eax
// Lock: none held
//@ state scheduler
rcu_note_context_switch:
    movzx eax, byte ptr gs:[PERCPU_rcu_sched + RDP_cpu_no_qs]
    test al, al
    jnz .Lreport                                            // a grace period waits for this core
    mov eax, dword ptr gs:[PERCPU_rcu_sched_qs_mask]
    test eax, eax
    jnz .Lreport
    ret
.Lreport:
    //@ event unsupported
    ud2
