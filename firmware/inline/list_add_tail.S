// static inline void list_add_tail(struct list_head *new, struct list_head *head)
// Source: Linux 4.8, include/linux/list.h, list_add_tail
// Entry: \new, \head, \prev registers
// Clobbers: \prev
// Lock: the list's
//@ inline list_add_tail new head prev
    mov \prev, qword ptr [\head + LIST_prev]
    __list_add \new, \prev, \head
