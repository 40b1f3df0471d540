// static inline void preempt_disable(void)
// Source: Linux 4.8, arch/x86/include/asm/preempt.h, __preempt_count_add(1) with CONFIG_PREEMPT_COUNT
// Entry: none
// Clobbers: flags
// Lock: any
//@ inline preempt_disable
    inc dword ptr gs:[PERCPU_preempt_count]
