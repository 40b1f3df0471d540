// #define call_int_hook(FUNC, IRC, ...), one hook after the other
// Source: Linux 4.8, security/security.c, call_int_hook
// Entry: rbx the hook, the arguments in their registers; \head the list; \again where they are put there again, \out where to
//        go at the end
// Exit:  eax 0, or the first refusal
// Clobbers: caller-saved registers, rbx
// Lock: any
//@ inline call_int_hooks head again out
    call qword ptr [rbx + SECHOOK_hook]
    test eax, eax
    jne \out
    mov rbx, qword ptr [rbx + SECHOOK_list + LIST_next]
    cmp rbx, \head
    jne \again
    xor eax, eax
    jmp \out
