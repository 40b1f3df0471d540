// void arch_cpu_idle_exit(void)
// Source: Linux 4.8, arch/x86/kernel/process.c, arch_cpu_idle_exit, __exit_idle (6 instructions)
// Entry: interrupts on
// Exit:  this core is not marked idle, listeners have been told
// Clobbers: caller-saved registers
// Lock: none held
//@ state idle
arch_cpu_idle_exit:
    btr dword ptr gs:[PERCPU_is_idle], 0x0
    jnc .Lout
    xor edx, edx
    mov esi, IDLE_END
    mov rdi, idle_notifier
    jmp atomic_notifier_call_chain
.Lout:
    ret
