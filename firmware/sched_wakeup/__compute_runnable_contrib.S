// static u32 __compute_runnable_contrib(u64 n)
// Source: Linux 4.8, kernel/sched/fair.c, __compute_runnable_contrib (4 instructions up to a half-life)
// Entry: rdi n periods
// Exit:  eax what n full periods contribute: the sum of 1024 y^k for k = 1 to n
// Clobbers: rcx rdx rsi rdi
// Lock: any
//@ state scheduler
__compute_runnable_contrib:
    cmp rdi, 0x20
    ja .Llong
    mov eax, dword ptr [runnable_avg_yN_sum + rdi*4]
    ret
.Llong:
    mov eax, LOAD_AVG_MAX
    cmp rdi, LOAD_AVG_MAX_N
    jae .Lout
    push rbx
    mov ebx, edi
    and ebx, 0x1f                                           // periods of the half-life that is not over
    shr rdi, 0x5                                            // whole half-lives
    mov edi, dword ptr [__accumulated_sum_N32 + rdi*4]
    mov esi, ebx
    call decay_load
    add eax, dword ptr [runnable_avg_yN_sum + rbx*4]
    pop rbx
.Lout:
    ret
