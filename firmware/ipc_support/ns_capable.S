// bool ns_capable(struct user_namespace *ns, int cap)
// Source: Linux 4.8, kernel/capability.c, ns_capable with ns_capable_common; its check that the number is a capability's is left out
// Entry: rdi ns, esi cap
// Exit:  al 1 if the current task has the capability in that namespace, else 0
// Clobbers: caller-saved registers
// Lock: any
//@ state kernel
ns_capable:
    mov edx, esi
    mov rsi, rdi
    mov rax, qword ptr gs:[PERCPU_current]
    mov rdi, qword ptr [rax + TASK_cred]
    call security_capable
    test eax, eax
    jne .Lno
    mov rax, qword ptr gs:[PERCPU_current]
    or dword ptr [rax + TASK_flags], PF_SUPERPRIV
    mov eax, 0x1
    ret
.Lno:
    xor eax, eax
    ret
