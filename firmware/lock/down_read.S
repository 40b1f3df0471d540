// void down_read(struct rw_semaphore *sem)
// Source: Linux 4.8, arch/x86/include/asm/rwsem.h, __down_read; kernel/locking/rwsem.c, down_read
// Entry: rdi sem
// Exit:  no writer holds the semaphore
// Clobbers: caller-saved registers
// Lock: the semaphore is taken for reading; the caller holds no spinlock
//@ state kernel
down_read:
    lock inc qword ptr [rdi + RWSEM_count]
    js .Lcontended                                          // a writer is there
    ret
.Lcontended:
    jmp rwsem_down_read_failed
