// int idle_cpu(int cpu)
// Source: Linux 4.8, kernel/sched/core.c, idle_cpu
// Entry: edi cpu
// Exit:  eax 1: nothing runs there and nothing is queued
// Clobbers: rax rcx rdx
// Lock: any: a guess that may be out of date
//@ state scheduler
idle_cpu:
    mov eax, edi
    mov rax, qword ptr [__per_cpu_offset + rax*8]
    mov rcx, qword ptr [rax + PERCPU_runqueue]
    xor eax, eax
    mov rdx, qword ptr [rcx + RQ_curr]
    cmp rdx, qword ptr [rcx + RQ_idle]
    jne .Lout
    cmp dword ptr [rcx + RQ_nr_running], 0x0
    jne .Lout
    cmp qword ptr [rcx + RQ_wake_list], 0x0
    sete al
.Lout:
    ret
