// void __default_send_IPI_dest_field(unsigned int mask, int vector, unsigned int dest)
// Source: Linux 4.8, arch/x86/include/asm/ipi.h, __default_send_IPI_dest_field (19 instructions)
// Entry: edi destination, esi vector, edx destination mode
// Exit:  the command is in the ICR
// Clobbers: rax rcx rdx rdi
// Lock: interrupts off
//@ state scheduler
__default_send_IPI_dest_field:
    .set APIC_BASE, 0xffffffffff5fd000
    cmp esi, 0x2                                            // NMI_VECTOR waits more carefully
    je .Lnmi
.Lbusy:
    mov eax, dword ptr [APIC_BASE + XAPIC_icr]
    test eax, 0x1000                                        // delivery status
    jnz .Lwait
    shl edi, 0x18                                           // SET_APIC_DEST_FIELD
    mov dword ptr [APIC_BASE + XAPIC_icr2], edi
    mov eax, esi
    or eax, edx                                             // APIC_DM_FIXED is 0
    mov dword ptr [APIC_BASE + XAPIC_icr], eax
    ret
.Lwait:
    pause
    jmp .Lbusy
.Lnmi:
    ud2                                                     // nobody sends one
