// void native_apic_mem_write(u32 reg, u32 value)
// Source: Linux 4.8, arch/x86/include/asm/apic.h, native_apic_mem_write (3 instructions)
// Entry: edi register offset, esi value
// Exit:  the APIC register is written
// Clobbers: none
// Lock: none taken
//@ state interrupt
native_apic_mem_write:
    mov edi, edi
    mov dword ptr [rdi + APIC_BASE], esi
    ret
