// void wakeup_secondary_cpu(unsigned int cpu)
// Source: Linux 4.8, arch/x86/kernel/smpboot.c, wakeup_secondary_cpu_via_init: INIT, then one start-up IPI
// Entry: edi core number, which is its APIC ID too; interrupts off
// Exit:  the core runs start_secondary
// Clobbers: rax rdi rsi
// Lock: none held
//@ state kernel
wakeup_secondary_cpu:
    shl edi, 0x18                                           // destination field
    mov rax, APIC_BASE
    mov dword ptr [rax + XAPIC_icr2], edi
    mov dword ptr [rax + XAPIC_icr], 0x4500                 // INIT, assert
    mov dword ptr [rax + XAPIC_icr2], edi
    mov dword ptr [rax + XAPIC_icr], 0x4600                 // start-up; this machine has one start address
    ret
