// void renames(void)
// Source: own
// Entry: rsp the stack
// Exit:  never: between work_begin and work_end a file has been renamed 2 * ROUNDS times, while another thread asked where it is
// Clobbers: all
// Lock: rename_lock, as a writer and as a reader; not held when it is done
//@ state user
renames:
    mov edi, one
    mov esi, 0x1a4                                          // rw-r--r--
    mov eax, SYS_CREAT
    syscall
    test eax, eax
    js .Lfailed
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
    jz .Lask
.Lmeet:                                                     // until the other thread asks
    pause
    cmp dword ptr [sum], 0x0
    je .Lmeet
    mov r13d, ROUNDS
.Lround:
    mov edi, one
    mov esi, other
    mov eax, SYS_RENAME
    syscall
    test eax, eax
    jnz .Lfailed
    mov edi, other
    mov esi, one
    mov eax, SYS_RENAME
    syscall
    test eax, eax
    jnz .Lfailed
    dec r13d
    jnz .Lround
    mov dword ptr [sum], 0x2                                // it has asked enough
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
.Lask:
    mov dword ptr [sum], 0x1
.Lagain:
    lea rdi, [rsp - 0x200]
    mov esi, 0x100
    mov eax, SYS_GETCWD
    syscall
    cmp dword ptr [sum], 0x2
    jne .Lagain
    xor edi, edi
    mov eax, SYS_EXIT
    syscall
    ud2
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
