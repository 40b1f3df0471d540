// void ipc_rcu_putref(void *ptr, void (*func)(struct rcu_head *head))
// Source: Linux 4.8, ipc/util.c, ipc_rcu_putref; func is msg_rcu_free, and without a grace period it is called at once
// Entry: rdi ptr, the queue
// Exit:  one reference less; the queue is free if it was the last
// Clobbers: caller-saved registers
// Lock: none held, and no reading of the queue after it
//@ state kernel
.set .Lrefcount, IPCRCU_refcount - IPCRCU__size
ipc_rcu_putref:
    lock dec dword ptr [rdi + .Lrefcount]
    je .Llast
    ret
.Llast:
    lea rdi, [rdi - IPCRCU__size]                           // &p->rcu
    jmp msg_rcu_free
