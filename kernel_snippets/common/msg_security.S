// static inline int msg_security(struct kern_ipc_perm *ipcp, int msgflg)
// Source: Linux 4.8, ipc/msg.c, msg_security: msg_ops.associate
// Entry: rdi ipcp, esi msgflg
// Exit:  eax 0, or what a hook said
// Clobbers: caller-saved registers
// Lock: the object's
//@ state kernel
msg_security:
    jmp security_msg_queue_associate                        // q_perm is the first field of the queue
