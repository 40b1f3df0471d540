// int security_ipc_permission(struct kern_ipc_perm *ipcp, short flag)
// Source: Linux 4.8, security/security.c, security_ipc_permission: call_int_hook over security_hook_heads.ipc_permission
// Entry: rdi ipcp, si flag
// Exit:  eax 0, or the first refusal of a hook
// Clobbers: caller-saved registers
// Lock: the caller's
//@ state kernel
security_ipc_permission:
    push rbp
    push r12
    push rbx
    sub rsp, 0x8                                            // the stack 16-aligned for the hooks
    movsx eax, si                                           // flag, a short
    mov rbx, qword ptr [security_hook_ipc_permission + LIST_next]
    cmp rbx, security_hook_ipc_permission
    jne .Lhooks                                             // never: no module hooks this
    xor eax, eax
.Lout:
    add rsp, 0x8
    pop rbx
    pop r12
    pop rbp
    ret
.Lhooks:
    mov rbp, rdi
    mov r12d, eax
.Lnext:
    mov rdi, rbp
    mov esi, r12d
    call qword ptr [rbx + SECHOOK_hook]
    test eax, eax
    jne .Lout
    mov rbx, qword ptr [rbx + SECHOOK_list + LIST_next]
    cmp rbx, security_hook_ipc_permission
    jne .Lnext
    xor eax, eax
    jmp .Lout
