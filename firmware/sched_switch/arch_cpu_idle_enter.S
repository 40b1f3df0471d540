// void arch_cpu_idle_enter(void)
// Source: Linux 4.8, arch/x86/kernel/process.c, arch_cpu_idle_enter, enter_idle (6 instructions)
// Entry: interrupts off
// Exit:  this core is marked idle, listeners have been told
// Clobbers: caller-saved registers
// Lock: none held
//@ state idle
arch_cpu_idle_enter:
    call local_touch_nmi
    mov dword ptr gs:[PERCPU_is_idle], 0x1
    xor edx, edx
    mov esi, IDLE_START
    mov rdi, idle_notifier
    jmp atomic_notifier_call_chain
