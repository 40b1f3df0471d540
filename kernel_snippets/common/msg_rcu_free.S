// static void msg_rcu_free(struct rcu_head *head)
// Source: Linux 4.8, ipc/msg.c, msg_rcu_free with ipc_rcu_free of ipc/util.c
// Entry: rdi head, the first field of the struct ipc_rcu in front of a queue
// Exit:  the queue is free
// Clobbers: caller-saved registers
// Lock: none held; nobody reads the queue any more
//@ state kernel
msg_rcu_free:
    push rbx
    mov rbx, rdi
    lea rdi, [rdi + IPCRCU__size]                           // msq
    call security_msg_queue_free
    mov rdi, rbx
    pop rbx
    jmp kfree
