// unsigned long long sched_clock(void)
// Source: Linux 4.8, arch/x86/kernel/tsc.c, native_sched_clock with cycles_2_ns inlined (18 instructions)
// Entry: none
// Exit:  rax nanoseconds since boot
// Clobbers: rcx rdx rsi
// Lock: any
//@ state scheduler
sched_clock:
    nop                                                     // static_branch_likely(&__use_tsc): patched out, the TSC is used
    rdtsc
    shl rdx, 0x20
    or rax, rdx                                             // cycles
    mov rsi, qword ptr gs:[PERCPU_cyc2ns_head]
    cmp rsi, qword ptr gs:[PERCPU_cyc2ns_tail]
    jne .Lin_use                                            // a change of frequency is under way
    mov edx, dword ptr gs:[PERCPU_cyc2ns_mult]
    mov ecx, dword ptr gs:[PERCPU_cyc2ns_shift]
    mul rdx
    shrd rax, rdx, cl                                       // 128 bits, shifted by any number
    shr rdx, cl
    test cl, 0x40
    cmovne rax, rdx
    add rax, qword ptr gs:[PERCPU_cyc2ns_offset]
    ret
.Lin_use:
// the frequency never changes here
    //@ event unsupported
    ud2
