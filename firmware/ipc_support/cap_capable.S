// int cap_capable(const struct cred *cred, struct user_namespace *targ_ns, int cap, int audit)
// Source: Linux 4.8, security/commoncap.c, cap_capable
// Entry: rdi cred, rsi targ_ns, edx cap, ecx audit
// Exit:  eax 0 if cred has the capability in that namespace, else -EPERM
// Clobbers: rax rsi
// Lock: any
//@ state kernel
cap_capable:
    cmp rsi, qword ptr [rdi + CRED_user_ns]
    je .Lown
    cmp rsi, init_user_ns
    je .Ldenied
    mov rax, qword ptr [rsi + USERNS_parent]
    cmp rax, qword ptr [rdi + CRED_user_ns]
    jne .Lparent
    mov esi, dword ptr [rsi + USERNS_owner]
    cmp esi, dword ptr [rdi + CRED_euid]
    je .Lgranted                                            // who made a namespace has every capability in it
.Lparent:
    mov rsi, rax
    jmp cap_capable
.Lown:
    mov rax, qword ptr [rdi + CRED_cap_effective]
    bt rax, rdx
    jnc .Ldenied
.Lgranted:
    xor eax, eax
    ret
.Ldenied:
    mov eax, -EPERM
    ret
