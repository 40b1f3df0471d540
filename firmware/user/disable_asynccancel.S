// void disable_asynccancel(int before)
// Source: own; what glibc 2.23 does behind a blocking call of a program with threads (x86_64/cancellation.S)
// Entry: edi what enable_asynccancel returned
// Exit:  cancellation is deferred again if it was
// Clobbers: rax, r10, r11, flags
// Lock: none
//@ state user
.set SENT_OR_REQUESTED, 0xc
disable_asynccancel:
    test edi, CANCELTYPE_BITMASK
    jne .Lout
    xor r10d, r10d
    mov eax, dword ptr fs:[r10 + UTLS_cancelhandling]
.Lagain:
    mov r11d, eax
    and r11d, ~CANCELTYPE_BITMASK
    lock cmpxchg dword ptr fs:[r10 + UTLS_cancelhandling], r11d
    jne .Lagain
    mov eax, r11d
    and eax, SENT_OR_REQUESTED
    cmp eax, CANCELING_BITMASK
    je .Lcancelled                                          // the request is on its way: it would wait for it
.Lout:
    ret
.Lcancelled:
    //@ event unexpected_error reg=rax
    ud2                                                     // nobody cancels threads here
