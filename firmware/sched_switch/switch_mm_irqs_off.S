// void switch_mm_irqs_off(struct mm_struct *prev, struct mm_struct *next, struct task_struct *tsk)
// Source: Linux 4.8, arch/x86/mm/tlb.c, switch_mm_irqs_off (11 instructions when both are the same)
// Entry: rdi prev mm, rsi next mm, rdx next task; interrupts off
// Exit:  this core uses next's translations, no longer lazily
// Clobbers: eax
// Lock: rq->lock held
//@ state scheduler
switch_mm_irqs_off:
    mov eax, dword ptr gs:[PERCPU_cpu_number]
    cmp rdi, rsi
    jne .Lunsupported                                       // one process: there is no other mm
    mov dword ptr gs:[PERCPU_tlb_state], TLBSTATE_OK
    cmp qword ptr gs:[PERCPU_tlb_active_mm], rsi
    jne .Lunsupported
    bt qword ptr [rsi + MM_cpumask], rax
    jnc .Lunsupported                                       // a shootdown took this core out while it was lazy
    ret
.Lunsupported:
    //@ event unsupported
    ud2
