// static inline void __list_add(struct list_head *new, struct list_head *prev, struct list_head *next)
// Source: Linux 4.8, include/linux/list.h, __list_add
// Entry: \new, \prev, \next registers
// Clobbers: none
// Lock: the list's
//@ inline __list_add new prev next
    mov qword ptr [\next + LIST_prev], \new
    mov qword ptr [\new + LIST_next], \next
    mov qword ptr [\new + LIST_prev], \prev
    mov qword ptr [\prev + LIST_next], \new
