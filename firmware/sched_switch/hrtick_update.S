// static void hrtick_update(struct rq *rq)
// Source: Linux 4.8, kernel/sched/fair.c, hrtick_update, hrtick_enabled (3 instructions)
// Entry: rdi rq
// Exit:  nothing is done: the feature HRTICK is off
// Clobbers: none
// Lock: rq->lock held
//@ state scheduler
hrtick_update:
    test byte ptr [sysctl_sched_features], SCHED_FEAT_HRTICK
    jnz .Lunsupported
    ret
.Lunsupported:
    //@ event unsupported
    ud2
