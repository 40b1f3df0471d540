// static long effective_load(struct task_group *tg, int cpu, long wl, long wg)
// Source: Linux 4.8, kernel/sched/fair.c, effective_load
// Entry: rdi tg, esi cpu, rdx weight added on that core, rcx weight added to the whole group
// Exit:  rax by how much the load of the core's root queue changes
// Clobbers: rcx rdx rsi rdi r8 r9 r10 r11
// Lock: any: a guess that may be out of date
//@ state scheduler
effective_load:
    mov rax, rdx                                            // wl
    cmp qword ptr [rdi + TG_parent], 0x0
    je .Lout                                                // the root group: weight is load
    mov r8, qword ptr [rdi + TG_se]
    mov esi, esi
    mov r8, qword ptr [r8 + rsi*8]                          // se
    test r8, r8
    jz .Lout
.Llevel:
    mov r9, qword ptr [r8 + SE_my_q]
    mov rdi, qword ptr [r9 + CFS_tg]
    mov r10, qword ptr [r9 + CFS_avg + AVG_load_avg]        // w: what this core's queue has
    mov r11, qword ptr [rdi + TG_load_avg]                  // W: what the group has on all cores
    add r11, rcx
    sub r11, qword ptr [r9 + CFS_tg_load_avg_contrib]
    add r11, r10
    add r10, rax
    mov rax, qword ptr [rdi + TG_shares]                    // not scaled down, other than the loads: Linux 4.7 and 4.8 do so
    test r11, r11
    jle .Lshare_known
    cmp r10, r11
    jge .Lshare_known                                       // all of the shares
    imul rax, r10
    cqo
    idiv r11
.Lshare_known:
    mov edx, MIN_SHARES
    cmp rax, rdx
    cmovl rax, rdx
    sub rax, qword ptr [r8 + SE_avg + AVG_load_avg]         // the change
    xor ecx, ecx                                            // groups above only pass it on
    mov r8, qword ptr [r8 + SE_parent]
    test r8, r8
    jnz .Llevel
.Lout:
    ret
