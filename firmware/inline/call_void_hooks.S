// #define call_void_hook(FUNC, ...), one hook after the other
// Source: Linux 4.8, security/security.c, call_void_hook
// Entry: rbx the hook, the arguments in their registers; \head the list; \again where they are put there again, \out where to
//        go at the end
// Clobbers: caller-saved registers, rbx
// Lock: any
//@ inline call_void_hooks head again out
    call qword ptr [rbx + SECHOOK_hook]
    mov rbx, qword ptr [rbx + SECHOOK_list + LIST_next]
    cmp rbx, \head
    jne \again
    jmp \out
