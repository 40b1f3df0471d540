// void litmus(void)
// Source: own
// Entry: rsp the stack
// Exit:  never: each of SHAPES litmus tests has been run, its threads on CPUs of their own; the outcomes have been printed, and how often each came
// Clobbers: all
// Lock: none
//@ state user
litmus:
    xor edi, edi
    xor esi, esi
    .byte 0x0f, 0x04, 0x5a, 0x00                            // work_begin
    xor r12d, r12d                                          // number of the thread
.Lmore:
    inc r12d
    cmp r12d, THREADS
    je .Lfirst
    mov edi, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD
    mov esi, r12d
    shl esi, 0xc
    add esi, stacks
    xor edx, edx
    xor r10d, r10d
    xor r8d, r8d
    mov eax, SYS_CLONE
    syscall
    test eax, eax
    js .Lfailed
    jnz .Lmore
    jmp .Lpin
.Lfirst:
    xor r12d, r12d
.Lpin:
    xor edi, edi
    mov esi, 0x8
    lea rdx, [masks + r12*8]
    mov eax, SYS_SCHED_SETAFFINITY
    syscall
    test eax, eax
    js .Lfailed
    lea ebp, [r12 + 0x1]
    imul ebp, ebp, 0x9e3779b1                               // numbers at random, of each thread its own
    xor r14d, r14d                                          // number of the shape
.Lshape:
    mov r10, qword ptr [threads + r14*8]
    cmp r12d, r10d
    jae .Lthread_done                                       // it takes no part from here on
    lea edi, [r12 + r14*4]
    call body_of
    mov r15, rax
    mov esi, r14d                                           // a line of its own has the number of those who have come
    shl esi, 0x6
    add esi, arrived
    xor r8d, r8d                                            // who will have come after a meeting, all meetings together
    mov r9d, dword ptr [rounds + r14*8]
.Lround:
    xor edx, edx                                            // the threads take turns to put the locations back
    mov eax, r9d
    div r10d
    cmp r12d, edx
    jne .Lready
    mov ecx, LOCATIONS
    mov edx, locations
.Lreset:
    mov qword ptr [rdx], 0x0
    add rdx, 0x40
    dec ecx
    jnz .Lreset
    rdtsc
    shl rdx, 0x20
    lea rax, [rax + rdx + 0x600]                            // until then all have met
    mov qword ptr [begin], rax
.Lready:
    call .Lmeet
    mov ecx, ebp                                            // the next number: Marsaglia, "Xorshift RNGs", 2003
    shl ecx, 0xd
    xor ebp, ecx
    mov ecx, ebp
    shr ecx, 0x11
    xor ebp, ecx
    mov ecx, ebp
    shl ecx, 0x5
    xor ebp, ecx
    mov r11d, ebp
    shr r11d, 0x17
    add r11, qword ptr [begin]
.Ldelay:                                                    // all cores until one time, and each up to 512 ns longer
    pause
    rdtsc
    shl rdx, 0x20
    or rax, rdx
    cmp rax, r11
    jb .Ldelay
    mov r13d, 0x1                                           // in half of the rounds a thread's instructions follow each other at once
    test ebp, 0x8000
    jz .Lrun
    mov r13d, ebp
    shr r13d, 0x10
    and r13d, 0x1ff
    inc r13d
.Lrun:
    xor eax, eax
    xor ebx, ebx
    call r15
    lea rax, [rax + rbx*2]
    mov qword ptr [results + r12*8], rax
    call .Lmeet
    test r12d, r12d
    jnz .Lcounted
    mov ecx, r10d
    xor eax, eax
.Lgather:
    shl eax, 0x2
    or rax, qword ptr [results + rcx*8 - 0x8]
    dec ecx
    jnz .Lgather
    mov ecx, r14d
    shl ecx, 0x8
    add ecx, eax
    inc dword ptr [counts + rcx*4]
.Lcounted:
    dec r9d
    jnz .Lround
    inc r14d
    cmp r14d, SHAPES
    jne .Lshape
    test r12d, r12d
    jz .Lprint
.Lthread_done:
    xor edi, edi
    mov eax, SYS_EXIT                                       // of this thread alone
    syscall
    ud2
.Lmeet:
    add r8d, r10d
    lock inc dword ptr [rsi]
.Lmeet_wait:
    mov eax, dword ptr [rsi]
    cmp eax, r8d
    jae .Lmet
    pause
    jmp .Lmeet_wait
.Lmet:
    ret
.Lprint:
    xor r13d, r13d                                          // index of a counter
.Lcounter:
    mov r14d, dword ptr [counts + r13*4]
    test r14d, r14d
    jz .Lnext_counter
    mov ecx, r13d
    shr ecx, 0x8
    mov rdi, qword ptr [names + rcx*8]
    movzx esi, r13b
    call complain
    mov edi, in_rounds
    mov esi, r14d
    call complain
.Lnext_counter:
    inc r13d
    cmp r13d, SHAPES << 0x8
    jne .Lcounter
    xor edi, edi
    jmp .Lexit
.Lfailed:
    mov edi, 0x1
.Lexit:
    mov eax, SYS_EXIT_GROUP
    syscall
    ud2
