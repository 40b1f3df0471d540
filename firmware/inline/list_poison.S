// entry->next = LIST_POISON1; entry->prev = LIST_POISON2
// Source: Linux 4.8, include/linux/list.h, the end of list_del
// Entry: \entry where the entry is: an address without its brackets; \scratch a register
// Clobbers: \scratch
// Lock: the list's
//@ inline list_poison entry scratch
    mov \scratch, LIST_POISON1
    mov qword ptr [\entry + LIST_next], \scratch
    mov \scratch, LIST_POISON2
    mov qword ptr [\entry + LIST_prev], \scratch
