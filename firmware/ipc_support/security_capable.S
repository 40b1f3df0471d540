// int security_capable(const struct cred *cred, struct user_namespace *ns, int cap)
// Source: Linux 4.8, security/security.c, security_capable: call_int_hook over security_hook_heads.capable
// Entry: rdi cred, rsi ns, edx cap
// Exit:  eax 0, or the first refusal of a hook
// Clobbers: caller-saved registers
// Lock: any
//@ state kernel
security_capable:
    push r13
    push r12
    push rbp
    push rbx
    mov r13d, edx
    mov r12, rsi
    mov rbp, rdi
    mov rbx, qword ptr [security_hook_capable + LIST_next]
    jmp .Lnext
.Lhook:
    mov ecx, SECURITY_CAP_AUDIT
    mov edx, r13d
    mov rsi, r12
    mov rdi, rbp
    call qword ptr [rbx + SECHOOK_hook]
    test eax, eax
    jne .Lout
    mov rbx, qword ptr [rbx + SECHOOK_list + LIST_next]
.Lnext:
    cmp rbx, security_hook_capable
    jne .Lhook
    xor eax, eax
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
