// static inline void list_add_tail(struct list_head *new, struct list_head *head)
// Source: Linux 4.8, include/linux/list.h, list_add_tail, as it is compiled for an entry in the stack frame
// Entry: \new, \head where they are: addresses without their brackets
// Clobbers: rax rcx rdx
// Lock: the list's
//@ inline list_add_tail_local new head
    lea rdx, [\new]
    lea rcx, [\head]
    mov rax, qword ptr [\head + LIST_prev]
    mov qword ptr [\head + LIST_prev], rdx
    mov qword ptr [\new + LIST_next], rcx
    mov qword ptr [\new + LIST_prev], rax
    mov qword ptr [rax + LIST_next], rdx
