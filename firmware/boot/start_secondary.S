// void start_secondary(void)
// Source: the part of Linux 4.8's arch/x86/kernel/smpboot.c, start_secondary, that a machine built for one program needs
// Entry: a core other than 0, long mode with paging, interrupts off, no stack: just out of INIT/SIPI
// Exit:  never: this core is its idle task
// Clobbers: all
// Lock: none held
//@ state kernel
start_secondary:
    mov rax, APIC_BASE
    mov eax, dword ptr [rax + XAPIC_id]
    shr eax, 0x18                                           // core number
    mov rdi, qword ptr [__per_cpu_offset + rax*8]
    mov rsp, qword ptr [rdi + PERCPU_kernel_stack]          // the idle task's
    call cpu_init
    mov edi, CPUHP_ONLINE
    call cpu_startup_entry
    ud2
