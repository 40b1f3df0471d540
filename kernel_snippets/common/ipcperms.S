// int ipcperms(struct ipc_namespace *ns, struct kern_ipc_perm *ipcp, short flag)
// Source: Linux 4.8, ipc/util.c, ipcperms
// Entry: rdi ns, rsi ipcp, dx flag: the access wanted, for owner, group and others alike
// Exit:  eax 0 if it is granted, -1 or what a hook said if not
// Clobbers: caller-saved registers
// Lock: any
//@ state kernel
ipcperms:
    push r13
    push r12
    push rbp
    push rbx
    mov rbp, rdi                                            // ns
    mov rbx, rsi                                            // ipcp
    mov rax, qword ptr gs:[PERCPU_current]
    mov rax, qword ptr [rax + TASK_cred]
    mov ecx, dword ptr [rax + CRED_euid]
    movsx r12d, dx                                          // flag
    mov eax, r12d
    sar eax, 0x6
    mov edx, r12d
    sar edx, 0x3
    or eax, edx
    or eax, r12d                                            // requested_mode
    movzx r13d, word ptr [rsi + IPCP_mode]                  // granted_mode
    cmp ecx, dword ptr [rsi + IPCP_cuid]
    je .Lowner
    cmp ecx, dword ptr [rsi + IPCP_uid]
    jne .Lnot_owner
.Lowner:
    shr r13d, 0x6
.Lcompare:
    not r13d
    and eax, r13d
    test al, 0x7
    jne .Lnot_granted
.Lgranted:
    mov rdi, rbx
    mov esi, r12d
    call security_ipc_permission
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret

// Not the owner's: the group's, or the others'.
.Lnot_owner:
    push r14
    mov r14d, eax                                           // requested_mode
    mov edi, dword ptr [rbx + IPCP_cgid]
    call in_group_p
    test eax, eax
    jne .Lgroup
    mov edi, dword ptr [rbx + IPCP_gid]
    call in_group_p
    test eax, eax
    je .Lothers
.Lgroup:
    shr r13d, 0x3
.Lothers:
    mov eax, r14d
    pop r14
    jmp .Lcompare
.Lnot_granted:
    mov rdi, qword ptr [rbp + IPCNS_user_ns]
    mov esi, CAP_IPC_OWNER
    call ns_capable
    test al, al
    jne .Lgranted
    mov eax, -0x1
    jmp .Lout
