// #define call_void_hook(FUNC, ...), when no module hooks it
// Source: Linux 4.8, security/security.c, call_void_hook: list_for_each_entry
// Entry: \head the list of hooks, a global; \hooks where the arguments of call_void_hooks are put
// Exit:  rbx the first hook
// Clobbers: rbx, flags
// Lock: any
//@ inline call_void_hook head hooks
    mov rbx, qword ptr [\head + LIST_next]
    cmp rbx, \head
    jne \hooks                                              // never: no module hooks this
