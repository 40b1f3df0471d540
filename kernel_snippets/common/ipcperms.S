// int ipcperms(struct ipc_namespace *ns, struct kern_ipc_perm *ipcp, short flag)
// Source: Linux 4.8, ipc/util.c, ipcperms
// Entry: rdi ns, rsi ipcp, dx flag: the access wanted, for owner, group and others alike
// Exit:  eax 0 if it is granted
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
    jne .Lunsupported                                       // groups: the guest's tasks own their queue
.Lowner:
    shr r13d, 0x6
    not r13d
    and eax, r13d
    test al, 0x7
    jne .Lunsupported                                       // not granted: CAP_IPC_OWNER, or -EACCES
    mov rdi, rbx
    mov esi, r12d
    call security_ipc_permission
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
.Lunsupported:
    mov rax, -0xd                                           // -EACCES
    //@ event unsupported reg=rax
    ud2
