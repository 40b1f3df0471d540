// void down_write(struct rw_semaphore *sem)
// Source: Linux 4.8, arch/x86/include/asm/rwsem.h, __down_write; kernel/locking/rwsem.c, down_write with rwsem_set_owner
// Entry: rdi sem
// Exit:  nobody else holds the semaphore
// Clobbers: caller-saved registers
// Lock: the semaphore is taken; the caller holds no spinlock
//@ state kernel
down_write:
    mov rdx, RWSEM_ACTIVE_WRITE_BIAS
    lock xadd qword ptr [rdi + RWSEM_count], rdx
    test edx, edx                                           // RWSEM_ACTIVE_MASK: was anybody there?
    jne .Lcontended
.Ltaken:
    mov rax, qword ptr gs:[PERCPU_current]
    mov qword ptr [rdi + RWSEM_owner], rax
    ret
.Lcontended:
    call rwsem_down_write_failed                            // keeps rdi
    jmp .Ltaken
