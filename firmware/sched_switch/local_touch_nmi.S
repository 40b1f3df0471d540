// void local_touch_nmi(void)
// Source: Linux 4.8, arch/x86/kernel/nmi.c, local_touch_nmi (2 instructions)
// Entry: none
// Exit:  the next NMI at the same place is not taken for a stuck core
// Clobbers: none
// Lock: none held
//@ state idle
local_touch_nmi:
    mov qword ptr gs:[PERCPU_last_nmi_rip], 0x0
    ret
