// static inline void list_del(struct list_head *entry)
// Source: Linux 4.8, include/linux/list.h, list_del
// Entry: \entry where the entry is: an address without its brackets; \next, \prev registers
// Clobbers: \next, \prev
// Lock: the list's
//@ inline list_del entry next prev
    mov \next, qword ptr [\entry + LIST_next]
    mov \prev, qword ptr [\entry + LIST_prev]
    __list_del \prev, \next
    list_poison \entry, \next
