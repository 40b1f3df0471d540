// void timer_clear_idle(void)
// Source: Linux 4.8, kernel/time/timer.c, timer_clear_idle (4 instructions)
// Entry: none
// Exit:  the timer wheel of this core is not idle
// Clobbers: rax
// Lock: none held
//@ state idle
timer_clear_idle:
    mov rax, qword ptr gs:[PERCPU_this_cpu_off]
    mov byte ptr [rax + PERCPU_timer_base_idle], 0x0
    ret
