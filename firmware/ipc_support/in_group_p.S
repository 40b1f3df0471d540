// int in_group_p(kgid_t grp)
// Source: Linux 4.8, kernel/groups.c, in_group_p
// Entry: edi grp
// Exit:  eax 1 if the current task is in the group, else 0
// Clobbers: caller-saved registers
// Lock: any
//@ state kernel
in_group_p:
    mov rax, qword ptr gs:[PERCPU_current]
    mov rdx, qword ptr [rax + TASK_cred]
    mov eax, 0x1
    cmp edi, dword ptr [rdx + CRED_fsgid]
    jne .Lothers
    ret
.Lothers:
    mov esi, edi
    mov rdi, qword ptr [rdx + CRED_group_info]
    jmp groups_search
