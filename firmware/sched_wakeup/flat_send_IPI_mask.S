// static void flat_send_IPI_mask(const struct cpumask *cpumask, int vector)
// Source: Linux 4.8, arch/x86/kernel/apic/apic_flat_64.c, flat_send_IPI_mask (12 instructions); the destination is one
//         physical APIC id instead of a mask of up to eight logical ones, so that 64 cores can be reached
// Entry: rdi cpumask with one core, esi vector
// Exit:  sent
// Clobbers: caller-saved registers
// Lock: any; interrupts are off while the command is written
//@ state scheduler
flat_send_IPI_mask:
    push rbx
    bsf rdi, qword ptr [rdi]                                // the one core of the mask is its APIC id
    pushfq
    pop rbx                                                 // the caller's interrupt flag
    cli
    mov rax, qword ptr [apic]
    mov edx, dword ptr [rax + APIC_dest_logical]
    call __default_send_IPI_dest_field
    push rbx
    popfq
    pop rbx
    ret
