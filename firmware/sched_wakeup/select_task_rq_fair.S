// static int select_task_rq_fair(struct task_struct *p, int prev_cpu, int sd_flag, int wake_flags)
// Source: Linux 4.8, kernel/sched/fair.c, select_task_rq_fair with record_wakee and wake_wide inlined
// Entry: rdi p, esi prev_cpu, edx sd_flag, ecx wake_flags
// Exit:  eax the core to run on
// Clobbers: caller-saved registers
// Lock: p->pi_lock held
//@ state scheduler
select_task_rq_fair:
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    mov rbx, rdi                                            // p
    mov r12d, esi                                           // prev_cpu; from .Lsibling on the core to start from
    mov r13d, edx                                           // sd_flag
    mov r15d, ecx                                           // wake_flags
    xor r14d, r14d                                          // want_affine
    mov ebp, dword ptr gs:[PERCPU_cpu_number]               // cpu
    test r13b, SD_BALANCE_WAKE
    jz .Ldomains
// record_wakee: how often does the waker change its partner? Halved once a second.
    mov rax, qword ptr gs:[PERCPU_current]
    mov rdx, qword ptr [jiffies_64]
    mov rcx, qword ptr [rax + TASK_wakee_flip_decay_ts]
    add rcx, 0xfa                                           // HZ
    sub rcx, rdx
    js .Ldecay
.Ldecayed:
    cmp qword ptr [rax + TASK_last_wakee], rbx
    je .Lsame_wakee
    mov qword ptr [rax + TASK_last_wakee], rbx
    inc dword ptr [rax + TASK_wakee_flips]
.Lsame_wakee:
// wake_wide: a waker of many should not draw them all to its core
    mov ecx, dword ptr [rax + TASK_wakee_flips]             // master
    mov edx, dword ptr [rbx + TASK_wakee_flips]             // slave
    mov esi, dword ptr gs:[PERCPU_sd_llc_size]              // factor
    cmp ecx, edx
    jb .Lswap
.Lordered:
    cmp edx, esi
    jb .Lnarrow
    imul edx, esi
    cmp ecx, edx
    jae .Ldomains
.Lnarrow:
    mov rax, qword ptr [rbx + TASK_cpus_allowed]
    bt rax, rbp
    setc r14b
.Ldomains:
    mov rax, qword ptr gs:[PERCPU_runqueue]
    mov rax, qword ptr [rax + RQ_sd]                        // for_each_domain: upwards from the smallest
    xor ecx, ecx                                            // sd
    test rax, rax
    jz .Lno_affine
.Ldomain:
    mov edx, dword ptr [rax + SD_flags]
    test dl, SD_LOAD_BALANCE
    jz .Lno_affine
    test r14d, r14d
    jz .Lnot_affine
    test dl, SD_WAKE_AFFINE
    jz .Lnot_affine
    mov rsi, qword ptr [rax + SD_span]
    bt rsi, r12
    jc .Laffine                                             // both cores are in it
.Lnot_affine:
    test edx, r13d
    jz .Lother_flag
    mov rcx, rax
.Lparent:
    mov rax, qword ptr [rax + SD_parent]
    test rax, rax
    jnz .Ldomain
.Lno_affine:
    test rcx, rcx
    jnz .Lbalance
.Lsibling:
    mov esi, r12d
    mov rdi, rbx
    call select_idle_sibling
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret
.Laffine:
    cmp ebp, r12d
    je .Lsibling
    mov ecx, r15d
    and ecx, WF_SYNC
    mov edx, r12d
    mov rsi, rbx
    mov rdi, rax
    call wake_affine
    test eax, eax
    cmovne r12d, ebp                                        // near the waker
    jmp .Lsibling
.Ldecay:
    shr dword ptr [rax + TASK_wakee_flips], 0x1
    mov qword ptr [rax + TASK_wakee_flip_decay_ts], rdx
    jmp .Ldecayed
.Lswap:
    xchg ecx, edx
    jmp .Lordered
.Lother_flag:
    test r14d, r14d
    jnz .Lparent
    jmp .Lno_affine
// find_idlest_group: for fork, exec and domains that balance on wakeup
.Lbalance:
    //@ event unsupported
    ud2
