// void plist_del(struct plist_node *node)
// Source: Linux 4.8, lib/plist.c, plist_del, on one list
// Entry: rdi node
// Exit:  it is on no list
// Clobbers: rax rcx rdx
// Lock: the list's
//@ state kernel
plist_del:
    lea rcx, [rdi + PLIST_list]
    mov rax, qword ptr [rcx + LIST_next]
    mov rdx, qword ptr [rcx + LIST_prev]
    __list_del rdx, rax
    mov qword ptr [rcx + LIST_next], rcx
    mov qword ptr [rcx + LIST_prev], rcx
    ret
