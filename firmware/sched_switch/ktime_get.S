// ktime_t ktime_get(void)
// Source: Linux 4.8, kernel/time/timekeeping.c, ktime_get, timekeeping_get_ns (30 instructions)
// Entry: none
// Exit:  rax nanoseconds of CLOCK_MONOTONIC
// Clobbers: caller-saved registers
// Lock: sequence count of tk_core
//@ state idle
ktime_get:
    push rbp
    push rbx
    cmp dword ptr [timekeeping_suspended], 0x0
    jne .Lunsupported
.Lretry:
    mov ebp, dword ptr [tk_core + TK_seq]
    test bpl, 0x1
    jnz .Lwriter
    mov rbx, qword ptr [tk_core + TK_base]
    mov rdi, qword ptr [tk_core + TK_clock]
    call qword ptr [tk_core + TK_read]
    sub rax, qword ptr [tk_core + TK_cycle_last]
    and rax, qword ptr [tk_core + TK_mask]
    mov edx, dword ptr [tk_core + TK_mult]
    mov ecx, dword ptr [tk_core + TK_shift]
    imul rax, rdx
    add rax, qword ptr [tk_core + TK_xtime_nsec]
    shr rax, cl
    cmp dword ptr [tk_core + TK_seq], ebp
    jne .Lretry
    add rax, rbx
    pop rbx
    pop rbp
    ret
.Lwriter:
    pause
    jmp .Lretry
.Lunsupported:
    //@ event unsupported
    ud2
