// void plist_add(struct plist_node *node, struct plist_head *head)
// Source: Linux 4.8, lib/plist.c, plist_add, on one list
// Entry: rdi node, its prio filled in; rsi head, whose words are 0 before its first use
// Exit:  rdi node, which is behind all of its priority or a higher one
// Clobbers: rax rcx rdx
// Lock: the list's
//@ state kernel
plist_add:
    mov rax, qword ptr [rsi + LIST_next]
    test rax, rax
    jnz .Lnext
    mov qword ptr [rsi + LIST_next], rsi
    mov qword ptr [rsi + LIST_prev], rsi
    mov rax, rsi
.Lnext:
    cmp rax, rsi
    je .Lhere
    mov ecx, dword ptr [rdi + PLIST_prio]
    cmp ecx, dword ptr [rax - PLIST_list + PLIST_prio]
    jl .Lhere                                               // the lower number is the higher priority
    mov rax, qword ptr [rax + LIST_next]
    jmp .Lnext
.Lhere:
    mov rdx, qword ptr [rax + LIST_prev]
    lea rcx, [rdi + PLIST_list]
    __list_add rcx, rdx, rax
    ret
