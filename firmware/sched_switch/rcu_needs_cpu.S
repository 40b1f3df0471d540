// int rcu_needs_cpu(u64 basemono, u64 *nextevt)
// Source: Linux 4.8, kernel/rcu/tree_plugin.h, rcu_needs_cpu; tree.c, rcu_cpu_has_callbacks (12 instructions)
// Entry: rdi basemono, rsi nextevt
// Exit:  eax 1 if a callback waits on this core
// Clobbers: rcx rdx
// Lock: none held
//@ state idle
rcu_needs_cpu:
    mov rax, KTIME_MAX
    mov qword ptr [rsi], rax
    mov rdx, qword ptr [rcu_struct_flavors]
    jmp .Lcheck
.Lflavour:
    mov rax, qword ptr [rdx + RSP_rda]
    add rax, qword ptr gs:[PERCPU_this_cpu_off]
    cmp qword ptr [rax + RDP_nxtlist], 0x0
    jne .Lwaiting
    mov rdx, qword ptr [rdx + RSP_flavors_next]
.Lcheck:
    cmp rdx, rcu_struct_flavors
    jne .Lflavour
    xor eax, eax
    ret
.Lwaiting:
    mov eax, 0x1
    ret
