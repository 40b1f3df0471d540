// noreturn void bench_core(struct bench_core *control)
// Source: none: the rounds of `emu bench`: think, acquire, a section, release, again
// Entry: rbx the control block of this core, rsp its stack
// Exit: none: the run ends when all cores together have done their rounds
// Lock: the routines of the user's file take and release it; they keep rbx, rbp, r12 to r15 and rsp
//@ state kernel
bench_core:
    mov r12, qword ptr [rbx + BENCH_SEED]
.Lround:
    mov rax, BENCH_MULTIPLIER
    imul r12, rax
    add r12, 0x1                                            // what this core leaves to chance: a linear congruence
    //@ event think
    mov rax, r12
    shr rax, 0x20                                           // 32 bits of it
    imul rax, qword ptr [rbx + BENCH_THINK]
    shr rax, 0x20                                           // evenly from 0 to the mean
    mov rcx, qword ptr [rbx + BENCH_THINK]
    shr rcx, 0x1
    add rcx, rax                                            // evenly from half the mean to one and a half
    add rcx, 0x1
.Lthink:
    dec rcx
    jne .Lthink
    mov rax, r12
    shr rax, 0x10
    and eax, 0x3ff
    cmp rax, qword ptr [rbx + BENCH_SHARED]                 // of 0x400 rounds
    jb .Lshared

    mov rdi, qword ptr [rbx + BENCH_LOCK]
    mov rsi, qword ptr [rbx + BENCH_OWN]
    mov edx, dword ptr [rbx + BENCH_CORE]
    mov ecx, dword ptr [rbx + BENCH_CORES]
    //@ event acquire
    call acquire
    //@ event acquired
    mov rdi, qword ptr [rbx + BENCH_DATA]
    mov eax, dword ptr [rdi + BENCH_OWNER]                  // nobody may be inside
    test eax, eax
    jne .Lbroken
    mov eax, dword ptr [rbx + BENCH_CORE]
    inc eax
    mov dword ptr [rdi + BENCH_OWNER], eax
    mov r13, qword ptr [rbx + BENCH_LINES]
    lea r14, qword ptr [rdi + 0x40]
.Lline:
    dec r13
    jl .Lwork
    inc qword ptr [r14]                                     // a line of the section: loaded and written
    add r14, 0x40
    jmp .Lline
.Lwork:
    mov rcx, qword ptr [rbx + BENCH_SECTION]
    add rcx, 0x1
.Lsection:
    dec rcx
    jne .Lsection
    inc qword ptr [rdi + BENCH_COUNT]                       // not atomic: two inside lose one
    inc qword ptr [rbx + BENCH_COUNTED]
    mov eax, dword ptr [rbx + BENCH_CORE]
    inc eax
    cmp eax, dword ptr [rdi + BENCH_OWNER]
    jne .Lbroken
    mov dword ptr [rdi + BENCH_OWNER], 0x0
    mov rdi, qword ptr [rbx + BENCH_LOCK]
    mov rsi, qword ptr [rbx + BENCH_OWN]
    mov edx, dword ptr [rbx + BENCH_CORE]
    mov ecx, dword ptr [rbx + BENCH_CORES]
    //@ event release
    call release
    //@ event released
    inc qword ptr [rbx + BENCH_ROUNDS]
    jmp .Lround

.Lshared:
    mov rdi, qword ptr [rbx + BENCH_LOCK]
    mov rsi, qword ptr [rbx + BENCH_OWN]
    mov edx, dword ptr [rbx + BENCH_CORE]
    mov ecx, dword ptr [rbx + BENCH_CORES]
    //@ event acquire
    call qword ptr [rbx + BENCH_ACQUIRE_SHARED]
    //@ event acquired
    mov rdi, qword ptr [rbx + BENCH_DATA]
    mov eax, dword ptr [rdi + BENCH_OWNER]                  // no writer may be inside
    test eax, eax
    jne .Lbroken
    mov r13, qword ptr [rbx + BENCH_LINES]
    lea r14, qword ptr [rdi + 0x40]
.Lread_line:
    dec r13
    jl .Lread_work
    mov rax, qword ptr [r14]
    add r14, 0x40
    jmp .Lread_line
.Lread_work:
    mov rcx, qword ptr [rbx + BENCH_SECTION]
    add rcx, 0x1
.Lread_section:
    dec rcx
    jne .Lread_section
    mov eax, dword ptr [rdi + BENCH_OWNER]
    test eax, eax
    jne .Lbroken
    mov rdi, qword ptr [rbx + BENCH_LOCK]
    mov rsi, qword ptr [rbx + BENCH_OWN]
    mov edx, dword ptr [rbx + BENCH_CORE]
    mov ecx, dword ptr [rbx + BENCH_CORES]
    //@ event release
    call qword ptr [rbx + BENCH_RELEASE_SHARED]
    //@ event released
    inc qword ptr [rbx + BENCH_ROUNDS]
    inc qword ptr [rbx + BENCH_SHARED_ROUNDS]
    jmp .Lround

.Lbroken:
    //@ event two_inside reg=eax
    test eax, eax
    hlt
