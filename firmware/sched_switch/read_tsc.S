// static cycle_t read_tsc(struct clocksource *cs)
// Source: Linux 4.8, arch/x86/kernel/tsc.c, read_tsc, rdtsc_ordered for AMD (5 instructions)
// Entry: rdi clocksource
// Exit:  rax time stamp counter, not read before earlier loads
// Clobbers: rdx
// Lock: none
//@ state idle
read_tsc:
    mfence
    rdtsc
    shl rdx, 0x20
    or rax, rdx
    ret
