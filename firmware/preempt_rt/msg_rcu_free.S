// static void msg_rcu_free(struct rcu_head *head)
// Source: own. Linux 4.8, ipc/msg.c, calls it after a grace period. There are none here: without preemption a reader soon is done
//         with what is freed too early, but here it may sleep for the lock inside. So a queue whose lock somebody owns or waits for is
//         parked, and looked at again when the next queue is removed. A task that was preempted between finding the queue and asking
//         for its lock is not seen
// Entry: rdi head, the first field of the struct ipc_rcu in front of a queue
// Exit:  the queue is free, or parked; so are those that were parked before
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
//
// rbx the queue's block, rbp the one after it
.set .Lowner, IPCRCU__size + IPCP_lock + RTMUTEX_owner
msg_rcu_free:
    push rbp
    push rbx
    mov rbx, rdi
    xor eax, eax
    xchg qword ptr [rcu_parked], rax                        // all of them are ours now
    mov qword ptr [rbx + IPCRCU_rcu_head], rax
.Lqueue:
    mov rbp, qword ptr [rbx + IPCRCU_rcu_head]
    cmp qword ptr [rbx + .Lowner], 0x0
    jne .Lpark
    lea rdi, [rbx + IPCRCU__size]                           // msq
    call security_msg_queue_free
    mov rdi, rbx
    call kfree
.Lnext:
    mov rbx, rbp
    test rbx, rbx
    jnz .Lqueue
    pop rbx
    pop rbp
    ret
.Lpark:
    mov rax, qword ptr [rcu_parked]
.Lretry:
    mov qword ptr [rbx + IPCRCU_rcu_head], rax
    lock cmpxchg qword ptr [rcu_parked], rbx
    jne .Lretry
    jmp .Lnext
