// static inline void preempt_enable(void)
// Source: Linux 4.8, arch/x86/include/asm/preempt.h, __preempt_count_dec_and_test, __preempt_schedule with CONFIG_PREEMPT
// Entry: none
// Clobbers: flags
// Lock: any; this task may lose its core here
//@ inline preempt_enable
    dec dword ptr gs:[PERCPU_preempt_count]                 // zero: enabled and, the top bit clear, a reschedule is due
    jnz .Lgo_on
    call ___preempt_schedule
.Lgo_on:
