// void set_cpu_sd_state_idle(void)
// Source: Linux 4.8, kernel/sched/fair.c, set_cpu_sd_state_idle (8 instructions: no domain above the shared cache)
// Entry: none
// Exit:  nothing to mark
// Clobbers: rax rdx
// Lock: RCU read side (nothing to do)
//@ state idle
set_cpu_sd_state_idle:
    mov eax, dword ptr gs:[PERCPU_cpu_number]
    mov rdx, qword ptr [__per_cpu_offset + rax*8]
    mov rax, qword ptr [rdx + PERCPU_sd_busy]
    test rax, rax
    jnz .Lunsupported
    ret
.Lunsupported:
    //@ event unsupported
    ud2
