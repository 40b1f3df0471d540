// static u64 decay_load(u64 val, u64 n)
// Source: Linux 4.8, kernel/sched/fair.c, decay_load
// Entry: rdi val, rsi n periods
// Exit:  rax val * y^n, where y^32 is a half
// Clobbers: rcx rdx rsi rdi
// Lock: any
//@ state scheduler
decay_load:
    mov rax, rdi
    test rsi, rsi
    jz .Lout
    cmp rsi, 0x7e0                                          // LOAD_AVG_PERIOD * 63: nothing is left
    ja .Lnothing
    mov ecx, esi
    shr ecx, 0x5
    shr rax, cl                                             // halved every 32 periods
    and esi, 0x1f
    mov ecx, dword ptr [runnable_avg_yN_inv + rsi*4]
    mul rcx
    shrd rax, rdx, 0x20
.Lout:
    ret
.Lnothing:
    xor eax, eax
    ret
