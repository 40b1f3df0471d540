// void native_smp_send_reschedule(int cpu)
// Source: Linux 4.8, arch/x86/kernel/smp.c, native_smp_send_reschedule (7 instructions)
// Entry: edi cpu
// Exit:  an interrupt with RESCHEDULE_VECTOR is on its way
// Clobbers: caller-saved registers
// Lock: any
//@ state scheduler
native_smp_send_reschedule:
    mov eax, edi
    mov rdx, qword ptr [__cpu_online_mask]
    bt rdx, rax
    jnc .Loffline
    mov rax, qword ptr [apic]
    mov esi, RESCHEDULE_VECTOR
    jmp qword ptr [rax + APIC_send_IPI]
.Loffline:
// no core goes offline here
    //@ event unsupported
    ud2
