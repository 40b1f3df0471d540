// int tick_check_broadcast_expired(void)
// Source: Linux 4.8, kernel/time/tick-broadcast.c, tick_check_broadcast_expired (6 instructions)
// Entry: interrupts off
// Exit:  eax 1 if the broadcast timer of this core has just expired
// Clobbers: rdx
// Lock: none held
//@ state idle
tick_check_broadcast_expired:
    mov edx, dword ptr gs:[PERCPU_cpu_number]
    xor eax, eax
    bt qword ptr [tick_broadcast_force_mask], rdx
    setc al
    ret
