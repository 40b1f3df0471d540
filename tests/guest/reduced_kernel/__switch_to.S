// struct task_struct *__switch_to(struct task_struct *prev, struct task_struct *next)
// Source: own, a stand-in for tests of boot, entry and interrupts: stacks, current, kernel stack pointers, FS base
// Entry: as the prototype
// Exit:  as the prototype
// Clobbers: caller-saved registers
// Lock: none
//@ state scheduler
__switch_to:
    push rbp
    push rbx
    push r12
    push r13
    push r14
    push r15
    mov qword ptr [rdi + TASK_thread_sp], rsp
    mov rsp, qword ptr [rsi + TASK_thread_sp]
    mov qword ptr gs:[PERCPU_current], rsi
    mov rax, qword ptr [rsi + TASK_thread_sp0]
    mov qword ptr gs:[PERCPU_kernel_stack], rax
    mov qword ptr gs:[PERCPU_tss + TSS_sp0], rax
    mov ecx, 0xc0000100
    mov rax, qword ptr [rsi + TASK_thread_fsbase]
    mov rdx, rax
    shr rdx, 0x20
    wrmsr
    mov rax, rdi
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    ret
