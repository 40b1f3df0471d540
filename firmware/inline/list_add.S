// static inline void list_add(struct list_head *new, struct list_head *head)
// Source: Linux 4.8, include/linux/list.h, list_add
// Entry: \new, \head, \next registers
// Clobbers: \next
// Lock: the list's
//@ inline list_add new head next
    mov \next, qword ptr [\head + LIST_next]
    __list_add \new, \head, \next
