// asmlinkage void entry_SYSCALL_64(void)
// Source: Linux 4.8, arch/x86/entry/entry_64.S, entry_SYSCALL_64 (42 instructions there and back on the fast path)
// Entry: rax system call number, rcx return address, r11 saved flags, rdi rsi rdx r10 r8 r9 arguments;
//        rsp user stack, GS base user's, interrupts off
// Exit:  to user mode by sysret: rax result, rcx and r11 as the hardware left them, all others unchanged
// Clobbers: rcx r11
// Lock: none held
//@ state kernel
entry_SYSCALL_64:
    swapgs
    mov qword ptr gs:[PERCPU_user_sp], rsp
    mov rsp, qword ptr gs:[PERCPU_kernel_stack]

// struct pt_regs, from its end; the six callee-saved registers are left out: C code keeps them.
    push 0x2b                                               // ss
    push qword ptr gs:[PERCPU_user_sp]                      // sp
    push r11                                                // flags
    push 0x33                                               // cs
    push rcx                                                // ip
    push rax                                                // orig_ax
    push rdi                                                // di
    push rsi                                                // si
    push rdx                                                // dx
    push rcx                                                // cx
    push -ENOSYS                                            // ax, until a call says otherwise
    push r8                                                 // r8
    push r9                                                 // r9
    push r10                                                // r10
    push r11                                                // r11
    sub rsp, 0x30                                           // bx bp r12-r15: not saved
    test dword ptr [rsp + TI_flags + PTREGS__size - THREAD__size], _TIF_WORK_SYSCALL_ENTRY | _TIF_ALLWORK_MASK
    jnz entry_SYSCALL64_slow_path

// Fast path: interrupts on, the call, interrupts off, a last look at the flags.
    sti
    cmp rax, 0xea                                           // last entry of sys_call_table
    ja .Lno_such_call
    mov rcx, r10                                            // fourth argument: syscall took rcx
    call qword ptr [sys_call_table + rax*8]
entry_SYSCALL_64_after_fastpath_call:
    mov qword ptr [rsp + PTREGS_ax], rax
.Lno_such_call:
    cli
    test dword ptr [rsp + TI_flags + PTREGS__size - THREAD__size], _TIF_ALLWORK_MASK
    jnz .Lslow_exit
    mov rcx, qword ptr [rsp + PTREGS_ip]
    mov r11, qword ptr [rsp + PTREGS_flags]
    mov r10, qword ptr [rsp + PTREGS_r10]
    mov r9, qword ptr [rsp + PTREGS_r9]
    mov r8, qword ptr [rsp + PTREGS_r8]
    mov rax, qword ptr [rsp + PTREGS_ax]
    mov rdx, qword ptr [rsp + PTREGS_dx]
    mov rsi, qword ptr [rsp + PTREGS_si]
    mov rdi, qword ptr [rsp + PTREGS_di]
    mov rsp, qword ptr [rsp + PTREGS_sp]
    swapgs
    .byte 0x48                                              // REX.W: return to 64-bit code
    sysret

// The call is made, but a flag came up: complete the frame and let C code look after it.
.Lslow_exit:
    sti
    mov qword ptr [rsp + PTREGS_r15], r15
    mov qword ptr [rsp + PTREGS_r14], r14
    mov qword ptr [rsp + PTREGS_r13], r13
    mov qword ptr [rsp + PTREGS_r12], r12
    mov qword ptr [rsp + PTREGS_bp], rbp
    mov qword ptr [rsp + PTREGS_bx], rbx
    mov rdi, rsp
    call syscall_return_slowpath
    jmp return_from_SYSCALL_64

// A flag is up before the call: the whole call from C code.
entry_SYSCALL64_slow_path:
    mov qword ptr [rsp + PTREGS_r15], r15
    mov qword ptr [rsp + PTREGS_r14], r14
    mov qword ptr [rsp + PTREGS_r13], r13
    mov qword ptr [rsp + PTREGS_r12], r12
    mov qword ptr [rsp + PTREGS_bp], rbp
    mov qword ptr [rsp + PTREGS_bx], rbx
    mov rdi, rsp
    call do_syscall_64
    jmp return_from_SYSCALL_64
