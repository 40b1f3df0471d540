// void __default_send_IPI_dest_field(unsigned int mask, int vector, unsigned int dest)
// Source: Linux 4.8, arch/x86/include/asm/ipi.h, __default_send_IPI_dest_field with __prepare_ICR and __xapic_wait_icr_idle inlined
//         (19 instructions)
// Entry: edi destination, esi vector, edx destination mode
// Exit:  the command is in the ICR
// Clobbers: rax rcx rdx rdi
// Lock: interrupts off
//@ state scheduler
__default_send_IPI_dest_field:
    cmp esi, NMI_VECTOR
    je .Lnmi                                                // waits more carefully
.Lbusy:
    mov eax, dword ptr [APIC_BASE + XAPIC_icr]
    test eax, 0x1000                                        // delivery status: the last one is still on its way
    jnz .Lwait
    shl edi, 0x18                                           // SET_APIC_DEST_FIELD
    mov dword ptr [APIC_BASE + XAPIC_icr2], edi
    mov eax, esi                                            // APIC_DM_FIXED is 0
    mov ecx, 0x400                                          // APIC_DM_NMI carries no vector
    cmp esi, NMI_VECTOR
    cmove eax, ecx
    or eax, edx
    mov dword ptr [APIC_BASE + XAPIC_icr], eax              // this sends it
    ret
.Lwait:
    pause
    jmp .Lbusy
.Lnmi:
    //@ event unsupported
    ud2
