// struct task_struct *__switch_to(struct task_struct *prev_p, struct task_struct *next_p)
// Source: Linux 4.8, arch/x86/kernel/process_64.c, __switch_to with switch_fpu_prepare and switch_fpu_finish, and switch_to of
//         arch/x86/include/asm/switch_to.h (116 instructions from idle, 112 to idle, 131 from task to task)
// Entry: rdi prev, rsi next; interrupts off
// Exit:  on next's stack, in next's call of __switch_to (or, if it has never run, in ret_from_fork); rax prev
// Clobbers: caller-saved registers
// Lock: rq->lock held, and handed over to next
//
// What a task that does not run has on its stack, from TASK_thread_sp upward: r15 r14 r13 r12 rbx rbp, return address.
// A new task's return address is ret_from_fork.
//@ state scheduler
    .set EAGER_FPU, 0x20000000                              // word 3
    .set XSAVE, 0x4000000                                   // word 4
    .set BUG_FXSAVE_LEAK, 0x40
    .set BUG_SYSRET_SS_ATTRS, 0x100
    .set BUG_NULL_SEG, 0x200
    .set GDT_TLS, 0x60                                      // descriptors 12 to 14
    .set WORD_DS, 0x2                                       // second half of es_ds
    .set WORD_GSINDEX, 0x2                                  // second half of fsindex_gsindex
    .set KERNEL_DS, 0x18
__switch_to:
    push rbp
    push rbx
    push r12
    push r13
    push r14
    push r15
    mov qword ptr [rdi + TASK_thread_sp], rsp
    mov rsp, qword ptr [rsi + TASK_thread_sp]
    mov rbx, rdi                                            // prev
    mov r12, rsi                                            // next
    mov r13d, dword ptr gs:[PERCPU_cpu_number]

// switch_fpu_prepare: save prev's registers if it used them; ebp: next's have to be loaded
    xor ebp, ebp
    movzx eax, byte ptr [r12 + TASK_fpu_fpstate_active]
    test al, al
    jz .Lpreload_known
    mov ebp, 0x1
    mov eax, dword ptr [boot_cpu_data + CPUINFO_capability3]
    test eax, EAGER_FPU
    jz .Lunsupported
.Lpreload_known:
    movzx eax, byte ptr [rbx + TASK_fpu_active]
    test al, al
    jz .Lprev_without_fpu
    mov eax, dword ptr [boot_cpu_data + CPUINFO_capability4]
    test eax, XSAVE
    jnz .Lunsupported
    fxsave64 [rbx + TASK_fpu_state]
    mov dword ptr [rbx + TASK_fpu_last_cpu], r13d
    mov byte ptr [rbx + TASK_fpu_active], 0x0
    test ebp, ebp
    jz .Ldeactivate
    inc byte ptr [r12 + TASK_fpu_counter]
    mov byte ptr [r12 + TASK_fpu_active], 0x1
    lea rax, [r12 + TASK_fpu_last_cpu]
    mov qword ptr gs:[PERCPU_fpu_owner], rax
    prefetcht0 byte ptr [r12 + TASK_fpu_state]
    jmp .Lfpu_prepared
.Ldeactivate:
    mov eax, dword ptr [boot_cpu_data + CPUINFO_capability3]
    test eax, EAGER_FPU
    jz .Lunsupported                                        // would have to set CR0.TS
    jmp .Lfpu_prepared
.Lprev_without_fpu:
    mov byte ptr [rbx + TASK_fpu_counter], 0x0
    mov dword ptr [rbx + TASK_fpu_last_cpu], -0x1
    test ebp, ebp
    jz .Lfpu_prepared
    inc byte ptr [r12 + TASK_fpu_counter]
    lea rax, [r12 + TASK_fpu_last_cpu]
    cmp qword ptr gs:[PERCPU_fpu_owner], rax
    jne .Lfetch_state
    cmp dword ptr [r12 + TASK_fpu_last_cpu], r13d
    jne .Lfetch_state
    xor ebp, ebp                                            // the registers still hold its state
    jmp .Lactivate
.Lfetch_state:
    prefetcht0 byte ptr [r12 + TASK_fpu_state]
.Lactivate:
    mov edx, dword ptr [boot_cpu_data + CPUINFO_capability3]
    test edx, EAGER_FPU
    jz .Lunsupported                                        // would have to clear CR0.TS
    mov byte ptr [r12 + TASK_fpu_active], 0x1
    mov qword ptr gs:[PERCPU_fpu_owner], rax
.Lfpu_prepared:

// Selectors first: loading TLS descriptors may clear them
    mov r14d, fs
    mov r15d, gs
    mov rdx, qword ptr [__per_cpu_offset + r13*8]
    lea rdx, [rdx + PERCPU_gdt]
    mov rax, qword ptr [r12 + TASK_thread_tls]
    mov qword ptr [rdx + GDT_TLS], rax
    mov rax, qword ptr [r12 + TASK_thread_tls + 0x8]
    mov qword ptr [rdx + GDT_TLS + 0x8], rax
    mov rax, qword ptr [r12 + TASK_thread_tls + 0x10]
    mov qword ptr [rdx + GDT_TLS + 0x10], rax

    mov eax, es
    mov word ptr [rbx + TASK_thread_es_ds], ax
    or ax, word ptr [r12 + TASK_thread_es_ds]
    jnz .Lunsupported                                       // 64-bit tasks keep them zero
    mov eax, ds
    mov word ptr [rbx + TASK_thread_es_ds + WORD_DS], ax
    or ax, word ptr [r12 + TASK_thread_es_ds + WORD_DS]
    jnz .Lunsupported

// FS: the base is the thread's TLS pointer
    movzx eax, word ptr [r12 + TASK_thread_fsindex_gsindex]
    test eax, eax
    jnz .Lunsupported
    mov rax, qword ptr [r12 + TASK_thread_fsbase]
    test rax, rax
    jz .Lfs_base_zero
    test r14d, r14d
    jnz .Lunsupported
    mov rdx, rax
    shr rdx, 0x20
    mov ecx, MSR_FS_BASE
    wrmsr
    jmp .Lfs_loaded
.Lfs_base_zero:
    mov eax, dword ptr [boot_cpu_data + CPUINFO_bugs]
    test eax, BUG_NULL_SEG
    jnz .Lunsupported
    cmp qword ptr [rbx + TASK_thread_fsbase], 0x0
    jne .Lclear_fs
    test r14d, r14d
    jz .Lfs_loaded
.Lclear_fs:
    xor eax, eax
    mov fs, eax                                             // a null selector clears the base
.Lfs_loaded:
    test r14d, r14d
    jz .Lfs_saved
    mov qword ptr [rbx + TASK_thread_fsbase], 0x0
.Lfs_saved:
    mov word ptr [rbx + TASK_thread_fsindex_gsindex], r14w

// GS: the user's base waits in MSR_KERNEL_GS_BASE; nobody here has one
    movzx eax, word ptr [r12 + TASK_thread_fsindex_gsindex + WORD_GSINDEX]
    test eax, eax
    jnz .Lunsupported
    mov rax, qword ptr [r12 + TASK_thread_gsbase]
    test rax, rax
    jnz .Lunsupported
    mov eax, dword ptr [boot_cpu_data + CPUINFO_bugs]
    test eax, BUG_NULL_SEG
    jnz .Lunsupported
    cmp qword ptr [rbx + TASK_thread_gsbase], 0x0
    jne .Lunsupported
    test r15d, r15d
    jnz .Lunsupported
    mov word ptr [rbx + TASK_thread_fsindex_gsindex + WORD_GSINDEX], r15w

// switch_fpu_finish
    test ebp, ebp
    jz .Lfpu_finished
    mov eax, dword ptr [boot_cpu_data + CPUINFO_bugs]
    test eax, BUG_FXSAVE_LEAK
    jz .Lno_leak
    fnclex
    emms
    fild dword ptr [r12 + TASK_fpu_state]                   // overwrites the last instruction pointers
.Lno_leak:
    mov eax, dword ptr [boot_cpu_data + CPUINFO_capability4]
    test eax, XSAVE
    jnz .Lunsupported
    fxrstor64 [r12 + TASK_fpu_state]
.Lfpu_finished:
    mov qword ptr gs:[PERCPU_current], r12
    mov rdx, qword ptr [__per_cpu_offset + r13*8]
    mov rax, qword ptr [r12 + TASK_thread_sp0]              // load_sp0
    mov qword ptr [rdx + PERCPU_tss + TSS_sp0], rax
    mov qword ptr gs:[PERCPU_kernel_stack], rax

    mov rax, qword ptr [r12 + TASK_stack]
    test dword ptr [rax + TI_flags], _TIF_WORK_CTXSW
    jnz .Lunsupported
    mov rax, qword ptr [rbx + TASK_stack]
    test dword ptr [rax + TI_flags], _TIF_WORK_CTXSW
    jnz .Lunsupported
    mov eax, dword ptr [boot_cpu_data + CPUINFO_bugs]
    test eax, BUG_SYSRET_SS_ATTRS
    jz .Lout
    mov eax, ss                                             // sysret leaves SS as it is: it must not be null then
    cmp ax, KERNEL_DS
    je .Lout
    mov eax, KERNEL_DS
    mov ss, eax
.Lout:
    mov rax, rbx
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    ret
.Lunsupported:
    //@ event unsupported
    ud2
