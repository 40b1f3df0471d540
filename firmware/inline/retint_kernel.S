// static inline void retint_kernel(void)
// Source: Linux 4.8, arch/x86/entry/entry_64.S, retint_kernel without CONFIG_PREEMPT
// Entry: rsp the complete frame, interrupts off; zero flag set: the kernel was interrupted
// Exit:  goes on behind itself if it was the user
// Clobbers: none
// Lock: as at the interrupted place
//@ inline retint_kernel
    jz restore_regs_and_iret
