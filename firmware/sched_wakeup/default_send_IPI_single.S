// void default_send_IPI_single(int cpu, int vector)
// Source: Linux 4.8, arch/x86/kernel/apic/ipi.c, default_send_IPI_single (7 instructions)
// Entry: edi cpu, esi vector
// Exit:  sent
// Clobbers: caller-saved registers
// Lock: any
//@ state scheduler
default_send_IPI_single:
    mov eax, edi
    shl rax, 0x3
    lea rdi, [rax + cpu_bit_bitmap]                         // cpumask_of(cpu)
    mov rax, qword ptr [apic]
    jmp qword ptr [rax + APIC_send_IPI_mask]
