// void two_threads(void)
// Source: own
// Entry: rsp the stack
// Exit:  never: two threads have added up ROUNDS ones each; a greeting, and status 0 if the sum is right
// Clobbers: all
// Lock: none
//@ state user
two_threads:
    mov edi, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID
    mov esi, other_stack_end
    xor edx, edx                                            // parent's copy of its number: not wanted
    mov r10d, other_runs
    xor r8d, r8d
    mov eax, SYS_CLONE
    syscall
    test eax, eax
    js .Lfailed
    mov ebx, eax
    mov ecx, ROUNDS
.Ladd:
    lock inc dword ptr [sum]
    dec ecx
    jnz .Ladd
    test ebx, ebx
    jz .Lother_done
.Lwait:
    mov edx, dword ptr [other_runs]                         // the kernel clears it and wakes us when that thread has ended
    test edx, edx
    jz .Lboth_done
    mov edi, other_runs
    mov esi, FUTEX_WAIT
    xor r10d, r10d                                          // no limit of time
    mov eax, SYS_FUTEX
    syscall
    jmp .Lwait
.Lboth_done:
    cmp dword ptr [sum], 0x2 * ROUNDS
    jne .Lfailed
    mov edi, 0x1
    mov esi, greeting
    mov edx, GREETING_BYTES
    mov eax, SYS_WRITE
    syscall
    xor edi, edi
    jmp .Lexit
.Lfailed:
    mov edi, 0x1
.Lexit:
    mov eax, SYS_EXIT_GROUP
    syscall
    ud2
.Lother_done:
    xor edi, edi
    mov eax, SYS_EXIT                                       // of this thread alone
    syscall
    ud2
