// static inline void __list_del(struct list_head *prev, struct list_head *next)
// Source: Linux 4.8, include/linux/list.h, __list_del
// Entry: \prev, \next registers
// Clobbers: none
// Lock: the list's
//@ inline __list_del prev next
    mov qword ptr [\next + LIST_prev], \prev
    mov qword ptr [\prev + LIST_next], \next
