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
    call_int_hook security_hook_ipc_permission, .Lhooks
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
    call_int_hooks security_hook_ipc_permission, .Lnext, .Lout
