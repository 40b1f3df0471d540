// long sys_rt_sigreturn(void)
// Source: Linux 4.8, arch/x86/kernel/signal.c, sys_rt_sigreturn and restore_sigcontext of 64-bit tasks; without FPU state
// Entry: the user's stack pointer is behind the frame's first word; pt_regs complete
// Exit:  rax and all of pt_regs as they were before the handler; a task with a broken frame ends
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
.set .Lframe, SIGFRAME__size
.set .LFIX_EFLAGS, 0x50dd5                                  // what user space may set: AC OF DF TF SF ZF AF PF CF RF
.set .LNOT_FIX_EFLAGS, 0xfffffffffffaf22a
.set .LUSER_RPL, 0x3
sys_rt_sigreturn:
    push rbx
    sub rsp, .Lframe
    mov rbx, qword ptr gs:[PERCPU_kernel_stack]
    sub rbx, PTREGS__size                                   // current_pt_regs
    mov rsi, qword ptr [rbx + PTREGS_sp]
    sub rsi, 0x8
    mov rdi, rsp
    mov edx, SIGFRAME__size
    call _copy_from_user
    test rax, rax
    jne .Lbad_frame
    mov rdi, qword ptr [rsp + SIGFRAME_uc_sigmask]
    call set_current_blocked
    mov rax, qword ptr [rsp + SIGFRAME_r8]
    mov qword ptr [rbx + PTREGS_r8], rax
    mov rax, qword ptr [rsp + SIGFRAME_r9]
    mov qword ptr [rbx + PTREGS_r9], rax
    mov rax, qword ptr [rsp + SIGFRAME_r10]
    mov qword ptr [rbx + PTREGS_r10], rax
    mov rax, qword ptr [rsp + SIGFRAME_r11]
    mov qword ptr [rbx + PTREGS_r11], rax
    mov rax, qword ptr [rsp + SIGFRAME_r12]
    mov qword ptr [rbx + PTREGS_r12], rax
    mov rax, qword ptr [rsp + SIGFRAME_r13]
    mov qword ptr [rbx + PTREGS_r13], rax
    mov rax, qword ptr [rsp + SIGFRAME_r14]
    mov qword ptr [rbx + PTREGS_r14], rax
    mov rax, qword ptr [rsp + SIGFRAME_r15]
    mov qword ptr [rbx + PTREGS_r15], rax
    mov rax, qword ptr [rsp + SIGFRAME_di]
    mov qword ptr [rbx + PTREGS_di], rax
    mov rax, qword ptr [rsp + SIGFRAME_si]
    mov qword ptr [rbx + PTREGS_si], rax
    mov rax, qword ptr [rsp + SIGFRAME_bp]
    mov qword ptr [rbx + PTREGS_bp], rax
    mov rax, qword ptr [rsp + SIGFRAME_bx]
    mov qword ptr [rbx + PTREGS_bx], rax
    mov rax, qword ptr [rsp + SIGFRAME_dx]
    mov qword ptr [rbx + PTREGS_dx], rax
    mov rax, qword ptr [rsp + SIGFRAME_ax]
    mov qword ptr [rbx + PTREGS_ax], rax
    mov rax, qword ptr [rsp + SIGFRAME_cx]
    mov qword ptr [rbx + PTREGS_cx], rax
    mov rax, qword ptr [rsp + SIGFRAME_sp]
    mov qword ptr [rbx + PTREGS_sp], rax
    mov rax, qword ptr [rsp + SIGFRAME_ip]
    mov qword ptr [rbx + PTREGS_ip], rax
    movzx eax, word ptr [rsp + SIGFRAME_cs]
    or eax, .LUSER_RPL
    mov qword ptr [rbx + PTREGS_cs], rax
    movzx eax, word ptr [rsp + SIGFRAME_ss]
    or eax, .LUSER_RPL
    mov qword ptr [rbx + PTREGS_ss], rax
    mov rax, qword ptr [rsp + SIGFRAME_flags]
    and eax, .LFIX_EFLAGS
    mov rcx, qword ptr [rbx + PTREGS_flags]
    and rcx, .LNOT_FIX_EFLAGS
    or rax, rcx
    mov qword ptr [rbx + PTREGS_flags], rax
    mov qword ptr [rbx + PTREGS_orig_ax], -0x1              // no call to make again
    mov rax, qword ptr [rbx + PTREGS_ax]
    add rsp, .Lframe
    pop rbx
    ret
.Lbad_frame:
    mov edi, SIGSEGV
    call do_exit
