// void takes_locks(void)
// Source: own
// Entry: rsp the stack
// Exit:  never: between work_begin and work_end two threads have made each of six system calls ROUNDS times; status 0 if all went well
// Clobbers: all
// Lock: pipe_inode_info.mutex, mm_struct.mmap_lock, tasklist_lock; none of them is held when it is done
//@ state user
takes_locks:
    mov edi, pipe_ends
    mov eax, SYS_PIPE
    syscall
    test eax, eax
    jnz .Lfailed
    xor edi, edi
    xor esi, esi
    .byte 0x0f, 0x04, 0x5a, 0x00                            // work_begin
    mov edi, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID
    mov esi, other_stack_end
    xor edx, edx
    mov r10d, other_runs
    xor r8d, r8d
    mov eax, SYS_CLONE
    syscall
    test eax, eax
    js .Lfailed
    mov r12d, eax                                           // 0 in the other thread
    lock inc dword ptr [sum]
.Lmeet:                                                     // both begin together
    pause
    cmp dword ptr [sum], 0x2
    jne .Lmeet
    mov r13d, ROUNDS
.Lround:
    mov edi, dword ptr [pipe_ends + 0x4]
    mov esi, greeting
    mov edx, 0x1
    mov eax, SYS_WRITE
    syscall
    sub eax, 0x1
    jnz .Lfailed
    mov edi, dword ptr [pipe_ends]
    lea rsi, [rsp - 0x80]
    mov edx, 0x1
    xor eax, eax                                            // SYS_READ
    syscall
    sub eax, 0x1
    jnz .Lfailed
    xor edi, edi
    mov esi, 0x1000
    mov edx, PROT_READ
    mov r10d, MAP_PRIVATE | MAP_ANONYMOUS
    mov r8, -0x1
    xor r9d, r9d
    mov eax, SYS_MMAP
    syscall
    test rax, rax
    js .Lfailed
    mov rdi, rax
    mov esi, 0x1000
    mov eax, SYS_MUNMAP
    syscall
    test eax, eax
    jnz .Lfailed
    mov edi, PRIO_PGRP
    xor esi, esi
    mov eax, SYS_GETPRIORITY
    syscall
    test eax, eax
    js .Lfailed
    xor edi, edi
    xor esi, esi
    mov eax, SYS_SETPGID                                    // who leads a session is refused, under the lock all the same
    syscall
    dec r13d
    jnz .Lround
    xor edi, edi
    test r12d, r12d
    jz .Lexit_thread
.Lwait:
    mov edx, dword ptr [other_runs]                         // the kernel clears it and wakes us when that thread has ended
    test edx, edx
    jz .Lboth_done
    mov edi, other_runs
    mov esi, FUTEX_WAIT
    xor r10d, r10d
    mov eax, SYS_FUTEX
    syscall
    jmp .Lwait
.Lboth_done:
    xor edi, edi
    xor esi, esi
    .byte 0x0f, 0x04, 0x5b, 0x00                            // work_end
    jmp .Lexit
.Lfailed:
    mov edi, 0x1
.Lexit:
    mov eax, SYS_EXIT_GROUP
    syscall
    ud2
.Lexit_thread:
    mov eax, SYS_EXIT
    syscall
    ud2
