// void quiet_vmstat(void)
// Source: Linux 4.8, mm/vmstat.c, quiet_vmstat (8 instructions)
// Entry: none
// Exit:  the periodic counters' work was not pending: nothing to fold
// Clobbers: rax
// Lock: none held
//@ state idle
quiet_vmstat:
    cmp dword ptr [system_state], SYSTEM_RUNNING
    jne .Lout
    mov rax, qword ptr gs:[PERCPU_this_cpu_off]
    mov rax, qword ptr [rax + PERCPU_vmstat_work_bits]
    test al, 0x1                                            // WORK_STRUCT_PENDING
    jnz .Lunsupported
.Lout:
    ret
.Lunsupported:
    //@ event unsupported
    ud2
