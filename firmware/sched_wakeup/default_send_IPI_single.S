// void default_send_IPI_single(int cpu, int vector)
// Source: Linux 4.8, arch/x86/kernel/apic/ipi.c, default_send_IPI_single with get_cpu_mask inlined (7 instructions)
// Entry: edi cpu, esi vector
// Exit:  sent
// Clobbers: caller-saved registers
// Lock: any
//@ state scheduler
default_send_IPI_single:
    mov eax, edi
    and eax, 0x3f                                           // bit in its word
    shr edi, 0x6                                            // word of the mask: it starts so many words earlier
    sub rax, rdi
    lea rdi, [rax*8 + cpu_bit_bitmap]                       // cpumask_of(cpu)
    mov rax, qword ptr [apic]
    jmp qword ptr [rax + APIC_send_IPI_mask]
