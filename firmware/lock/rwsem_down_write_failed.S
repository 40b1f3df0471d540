// struct rw_semaphore *rwsem_down_write_failed(struct rw_semaphore *sem)
// Source: own. Linux 4.8 (kernel/locking/rwsem-xadd.c) spins while the owner runs, then sleeps on wait_list. Here a task that
//         waits spins all the time, and gives its core away whenever the scheduler asks for it: so a holder that lost its core
//         gets one again. Nobody is on wait_list, and who releases the semaphore has nobody to wake. Not first come, first served
// Entry: rdi sem, to whose count the caller has added RWSEM_ACTIVE_WRITE_BIAS
// Exit:  rdi sem
// Clobbers: caller-saved registers but rdi
// Lock: the semaphore is taken
//@ state kernel
rwsem_down_write_failed:
    push rbx
    push rbp
    mov rbx, rdi
    mov rbp, RWSEM_ACTIVE_WRITE_BIAS
    lock sub qword ptr [rbx + RWSEM_count], rbp             // we are not there yet
.Lwait:
    pause
    call _cond_resched
    cmp qword ptr [rbx + RWSEM_count], 0x0
    jne .Lwait
    xor eax, eax
    lock cmpxchg qword ptr [rbx + RWSEM_count], rbp
    jne .Lwait
    mov rdi, rbx
    pop rbp
    pop rbx
    ret
