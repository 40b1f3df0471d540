// static void flat_send_IPI_mask(const struct cpumask *cpumask, int vector)
// Source: Linux 4.8, arch/x86/kernel/apic/apic_flat_64.c, flat_send_IPI_mask (12 instructions); one target, by its physical id, as beyond 8 cores
// Entry: rdi cpumask with one core, esi vector
// Exit:  sent
// Clobbers: caller-saved registers
// Lock: any; interrupts are off while the command is written
//@ state scheduler
flat_send_IPI_mask:
    pushfq
    pop r9
    cli
    bsf rdi, qword ptr [rdi]                                // the one core of the mask is its APIC id
    xor edx, edx                                            // APIC_DEST_PHYSICAL
    call __default_send_IPI_dest_field
    push r9
    popfq
    ret
