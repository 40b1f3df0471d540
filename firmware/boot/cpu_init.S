// void cpu_init(void *percpu)
// Source: Linux 4.8, arch/x86/kernel/cpu/common.c, cpu_init; arch/x86/kernel/apic/apic.c, setup_local_APIC
// Entry: rdi this core's per-CPU area, on the idle task's stack, interrupts off; long mode, NX, SSE and syscall enabled
// Exit:  descriptor tables, GS base, system call MSRs and APIC are this core's; it is counted in nr_cpus_online
// Clobbers: rax rcx rdx rdi rsi
// Lock: none held
//@ state kernel
cpu_init:
    sub rsp, 0x10                                           // a table register's image: limit, base
    mov word ptr [rsp], 0x7f                                // 16 descriptors
    lea rax, [rdi + PERCPU_gdt]
    mov qword ptr [rsp + 0x2], rax
    lgdt [rsp]
    mov word ptr [rsp], 0xfff                               // 256 gates
    mov rax, idt_table
    mov qword ptr [rsp + 0x2], rax
    lidt [rsp]
    add rsp, 0x10

// Segment registers hold what the engine started with: take them from our table.
    push 0x10                                               // kernel code
    lea rax, [rip + .Lnew_code_segment]
    push rax
    .byte 0x48                                              // REX.W: two 8-byte words
    retf
.Lnew_code_segment:
    mov eax, 0x18                                           // kernel data
    mov ss, eax
    xor eax, eax                                            // the others are not used in 64-bit mode
    mov ds, eax
    mov es, eax
    mov fs, eax
    mov gs, eax
    mov eax, 0x40
    ltr ax

    mov ecx, MSR_GS_BASE                                    // the per-CPU area
    mov rax, rdi
    mov rdx, rdi
    shr rdx, 0x20
    wrmsr
    mov ecx, 0xc0000102                                     // kernel GS base: user mode has none
    xor eax, eax
    xor edx, edx
    wrmsr
    mov ecx, MSR_STAR                                       // sysret from 0x23 (user CS 0x33, SS 0x2b), syscall 0x10
    xor eax, eax
    mov edx, 0x230010
    wrmsr
    mov ecx, MSR_LSTAR
    lea rax, [rip + entry_SYSCALL_64]
    mov rdx, rax
    shr rdx, 0x20
    wrmsr
    mov ecx, MSR_SYSCALL_MASK                               // TF IF DF IOPL NT AC
    mov eax, 0x47700
    xor edx, edx
    wrmsr

    mov rax, APIC_BASE
    mov dword ptr [rax + XAPIC_spurious], 0x1ff             // enabled; spurious vector 0xff
    mov ecx, dword ptr [lapic_timer_period]
    test ecx, ecx
    jz .Ltimer_off
    mov dword ptr [rax + XAPIC_timer_divide], 0xb           // count at the full rate
    mov dword ptr [rax + XAPIC_timer], LOCAL_TIMER_VECTOR   // one shot: the handler arms it again
    mov dword ptr [rax + XAPIC_timer_initial], ecx
.Ltimer_off:
    lock inc dword ptr [nr_cpus_online]
    ret
