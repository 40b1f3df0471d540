// noreturn void bench_search(u64 rounds, u32 core, void *own, u32 cores)
// Source: none: the rounds of `emu explore LOCK`: acquire, add to a counter, release, again
// Entry: rbx rounds, r12 our core, r13 the data of this core, rbp cores, rsp its stack
// Exit: bench_searched, where a search takes this core to be done
// Lock: the routines of the user's file take and release it; they keep rbx, rbp, r12 to r15 and rsp
//@ state kernel
bench_search:
    mfence                                                  // a step of its own: what the next one touches is known then, and shown
.Lround:
    mov rdi, BENCH_LOCK
    mov rsi, r13
    mov edx, r12d
    mov ecx, ebp
    call acquire
    mov rdi, BENCH_DATA
    mov rax, qword ptr [rdi + BENCH_COUNT]                  // not atomic: two inside lose one, in some order of their steps
    inc rax
    mov qword ptr [rdi + BENCH_COUNT], rax
    mov rdi, BENCH_LOCK
    mov rsi, r13
    mov edx, r12d
    mov ecx, ebp
    call release
    dec rbx
    jne .Lround
bench_searched:
    hlt
