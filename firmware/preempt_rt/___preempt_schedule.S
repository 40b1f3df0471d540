// asmlinkage void ___preempt_schedule(void)
// Source: Linux 4.8, arch/x86/entry/thunk_64.S: preempt_schedule for callers that keep all their registers
// Entry: preemption enabled, a reschedule due
// Exit:  other tasks may have run
// Clobbers: flags
// Lock: no raw lock held
//@ state scheduler
___preempt_schedule:
    push rdi
    push rsi
    push rdx
    push rcx
    push rax
    push r8
    push r9
    push r10
    push r11
    call preempt_schedule
    pop r11
    pop r10
    pop r9
    pop r8
    pop rax
    pop rcx
    pop rdx
    pop rsi
    pop rdi
    ret
