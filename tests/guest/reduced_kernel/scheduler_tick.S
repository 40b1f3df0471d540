// void scheduler_tick(void)
// Source: own, a stand-in for tests of boot, entry and interrupts: ask for a reschedule at every tick
// Entry: as the prototype
// Exit:  as the prototype
// Clobbers: caller-saved registers
// Lock: none
//@ state scheduler
scheduler_tick:
    mov rax, qword ptr gs:[PERCPU_kernel_stack]
    or dword ptr [rax + TI_flags - THREAD__size], 0x8
    ret
