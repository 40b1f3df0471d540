// void ping_pong(void)
// Source: own: what `emu path VARIANT` runs, for a real kernel
// Entry: rsp the stack; ROUNDS; masks: the CPU of each thread; token
// Exit:  never: two threads have sent each other ROUNDS messages each, over one queue; status 0 if each came as it was sent
// Clobbers: all
// Lock: none
//@ state user
ping_pong:
    xor edi, edi                                            // IPC_PRIVATE
    mov esi, IPC_CREAT | 0x180                              // for its owner to read and write
    mov eax, SYS_MSGGET
    syscall
    test eax, eax
    js .Lfailed
    mov r12d, eax
    mov edi, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD
    mov esi, other_stack_end
    xor edx, edx
    xor r10d, r10d
    xor r8d, r8d
    mov eax, SYS_CLONE
    syscall
    test eax, eax
    js .Lfailed
    setz al
    movzx r13d, al                                          // 0: begins; 1: answers
    xor edi, edi
    mov esi, 0x8
    mov edx, masks
    lea rdx, [rdx + r13*8]
    mov eax, SYS_SCHED_SETAFFINITY
    syscall
    test eax, eax
    js .Lfailed
    xor r14d, r14d                                          // rounds done
    mov ebx, token
    mov eax, r13d
    shl eax, 0x4
    add rbx, rax
    test r13d, r13d
    jnz .Lreceive
    .byte 0x0f, 0x04, 0x5a, 0x00                            // work_begin
.Lsend:
    mov eax, 0x2
    sub eax, r13d
    mov qword ptr [rbx], rax                                // its type: 2 to the one that answers, 1 to the one that began
    mov qword ptr [rbx + 0x8], r14
    mov edi, r12d
    mov rsi, rbx
    mov edx, 0x8
    xor r10d, r10d
    mov eax, SYS_MSGSND
    syscall
    test eax, eax
    jnz .Lfailed
    test r13d, r13d
    jz .Lreceive
    inc r14d
    cmp r14d, ROUNDS
    je .Lother_done
.Lreceive:
    mov edi, r12d
    mov rsi, rbx
    mov edx, 0x8
    lea r10d, [r13 + 0x1]
    xor r8d, r8d
    mov eax, SYS_MSGRCV
    syscall
    cmp rax, 0x8
    jne .Lfailed
    cmp qword ptr [rbx + 0x8], r14
    jne .Lfailed
    test r13d, r13d
    jnz .Lsend
    inc r14d
    cmp r14d, ROUNDS
    jne .Lsend
    .byte 0x0f, 0x04, 0x5b, 0x00                            // work_end
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
