// void schedule(void)
// Source: own, a stand-in for tests of boot, entry and interrupts: the next runnable task of this core, else idle
// Entry: as the prototype
// Exit:  as the prototype
// Clobbers: caller-saved registers
// Lock: none
//@ state scheduler
schedule:
    pushf
    cli
    push rbx
    push rbp
    mov rax, qword ptr gs:[PERCPU_kernel_stack]
    and dword ptr [rax + TI_flags - THREAD__size], 0xfffffff7   // NEED_RESCHED
    mov rdi, qword ptr gs:[PERCPU_current]
    mov ebp, dword ptr [boot_nr_tasks]
    mov eax, dword ptr gs:[PERCPU_preferred]
    mov ecx, ebp
.Lnext:
    inc eax
    cmp eax, ebp
    jb .Lin_table
    xor eax, eax
.Lin_table:
    mov rsi, qword ptr [boot_tasks]
    mov rsi, qword ptr [rsi + rax*8]
    cmp qword ptr [rsi + TASK_state], 0x0
    jne .Lnot_this
    mov edx, dword ptr gs:[PERCPU_cpu_number]
    cmp dword ptr [rsi + TASK_wake_cpu], edx
    je .Lfound
.Lnot_this:
    dec ecx
    jnz .Lnext
    mov rsi, qword ptr gs:[PERCPU_runqueue]
    mov rsi, qword ptr [rsi + RQ_idle]
    jmp .Lswitch
.Lfound:
    mov dword ptr gs:[PERCPU_preferred], eax
.Lswitch:
    cmp rsi, rdi
    je .Ldone
    call __switch_to
.Ldone:
    pop rbp
    pop rbx
    popf
    ret
