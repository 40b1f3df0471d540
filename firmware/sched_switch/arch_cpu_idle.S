// void arch_cpu_idle(void)
// Source: Linux 4.8, arch/x86/kernel/process.c, arch_cpu_idle (1 instruction)
// Entry: interrupts off
// Exit:  by the idle routine in use
// Clobbers: none
// Lock: none held
//@ state idle
arch_cpu_idle:
    jmp qword ptr [x86_idle]
