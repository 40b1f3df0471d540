// #define call_int_hook(FUNC, IRC, ...), when no module hooks it
// Source: Linux 4.8, security/security.c, call_int_hook: list_for_each_entry, and IRC 0
// Entry: \head the list of hooks, a global; \hooks where the arguments of call_int_hooks are put
// Exit:  eax 0: there is none; rbx the first hook
// Clobbers: rbx, flags
// Lock: any
//@ inline call_int_hook head hooks
    mov rbx, qword ptr [\head + LIST_next]
    cmp rbx, \head
    jne \hooks                                              // never: no module hooks this
    xor eax, eax
