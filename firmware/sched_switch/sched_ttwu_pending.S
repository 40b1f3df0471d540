// void sched_ttwu_pending(void)
// Source: Linux 4.8, kernel/sched/core.c, sched_ttwu_pending (18 instructions with an empty list)
// Entry: none
// Exit:  nothing was waiting: cores that share a cache enqueue on each other's runqueues themselves
// Clobbers: rax rdx
// Lock: none held
//@ state idle
sched_ttwu_pending:
    mov rdx, qword ptr gs:[PERCPU_runqueue]
    xor eax, eax
    xchg qword ptr [rdx + RQ_wake_list], rax                // llist_del_all
    test rax, rax
    jnz .Lunsupported
    ret
.Lunsupported:
    //@ event unsupported
    ud2
