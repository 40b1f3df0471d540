// struct rw_semaphore *rwsem_down_read_failed(struct rw_semaphore *sem)
// Source: own; spins and gives its core away when asked, as rwsem_down_write_failed
// Entry: rdi sem, to whose count the caller has added one
// Clobbers: caller-saved registers
// Lock: the semaphore is taken for reading
//@ state kernel
rwsem_down_read_failed:
    push rbx
    mov rbx, rdi
    lock dec qword ptr [rbx + RWSEM_count]                  // we are not there yet
.Lwait:
    pause
    call _cond_resched
    mov rax, qword ptr [rbx + RWSEM_count]
    test rax, rax
    js .Lwait
    lea rdx, [rax + 0x1]
    lock cmpxchg qword ptr [rbx + RWSEM_count], rdx
    jne .Lwait
    pop rbx
    ret
