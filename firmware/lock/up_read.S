// void up_read(struct rw_semaphore *sem)
// Source: Linux 4.8, arch/x86/include/asm/rwsem.h, __up_read; no call_rwsem_wake: who waits spins (rwsem_down_write_failed)
// Entry: rdi sem
// Clobbers: rdx
// Lock: the semaphore is released
//@ state kernel
up_read:
    mov rdx, -RWSEM_ACTIVE_READ_BIAS
    lock xadd qword ptr [rdi + RWSEM_count], rdx
    ret
