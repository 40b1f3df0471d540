// void up_write(struct rw_semaphore *sem)
// Source: Linux 4.8, arch/x86/include/asm/rwsem.h, __up_write; kernel/locking/rwsem.c, up_write with rwsem_clear_owner;
//         no call_rwsem_wake: who waits spins (rwsem_down_write_failed)
// Entry: rdi sem
// Clobbers: rdx
// Lock: the semaphore is released
//@ state kernel
.set .LMINUS_ACTIVE_WRITE_BIAS, 0xffffffff
up_write:
    mov qword ptr [rdi + RWSEM_owner], 0x0
    mov edx, .LMINUS_ACTIVE_WRITE_BIAS
    lock xadd qword ptr [rdi + RWSEM_count], rdx
    ret
