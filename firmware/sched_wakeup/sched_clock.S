// unsigned long long sched_clock(void)
// Source: Linux 4.8, arch/x86/kernel/tsc.c, native_sched_clock (18 instructions)
// Entry: none
// Exit:  rax nanoseconds since boot
// Clobbers: rcx rdx rsi
// Lock: any
//@ state scheduler
sched_clock:
    rdtsc
    shl rdx, 0x20
    or rax, rdx                                             // cycles
    mov rsi, qword ptr gs:[PERCPU_cyc2ns_head]
    cmp rsi, qword ptr gs:[PERCPU_cyc2ns_tail]
    jne .Lin_use                                            // a change of frequency is under way
    mov edx, dword ptr gs:[PERCPU_cyc2ns_mult]
    mov ecx, dword ptr gs:[PERCPU_cyc2ns_shift]
    mul rdx
    shrd rax, rdx, cl
    add rax, qword ptr gs:[PERCPU_cyc2ns_offset]
    ret
.Lin_use:
    ud2                                                     // the frequency never changes here
