// int try_to_wake_up(struct task_struct *p, unsigned int state, int wake_flags)
// Source: own, a stand-in for tests of boot, entry and interrupts: make the task runnable and interrupt its core
// Entry: as the prototype
// Exit:  as the prototype
// Clobbers: caller-saved registers
// Lock: none
//@ state scheduler
try_to_wake_up:
    mov eax, 0x1                                            // TASK_INTERRUPTIBLE: nobody else is woken
    xor ecx, ecx
    lock cmpxchg qword ptr [rdi + TASK_state], rcx
    jne .Lself
    mov eax, dword ptr [rdi + TASK_wake_cpu]
    cmp eax, dword ptr gs:[PERCPU_cpu_number]
    je .Lself
    mov edx, eax
    shl edx, 0x18
    mov rcx, APIC_BASE
    mov dword ptr [rcx + XAPIC_icr2], edx
    mov dword ptr [rcx + XAPIC_icr], 0xfd
    ret
.Lself:
    ret
