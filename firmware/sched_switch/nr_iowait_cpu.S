// unsigned long nr_iowait_cpu(int cpu)
// Source: Linux 4.8, kernel/sched/core.c, nr_iowait_cpu (5 instructions)
// Entry: edi cpu
// Exit:  rax tasks of that core that wait for input or output
// Clobbers: rdi
// Lock: none held
//@ state idle
nr_iowait_cpu:
    mov edi, edi
    mov rax, qword ptr [__per_cpu_offset + rdi*8]
    mov rax, qword ptr [rax + PERCPU_runqueue]
    mov eax, dword ptr [rax + RQ_nr_iowait]
    ret
