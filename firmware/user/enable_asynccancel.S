// int enable_asynccancel(void)
// Source: own; what glibc 2.23 does in front of a blocking call of a program with threads (x86_64/cancellation.S)
// Entry: the call's arguments are in their registers
// Exit:  eax cancelhandling as it was
// Clobbers: r10, r11, flags; not the arguments
// Lock: none
//@ state user
.set REQUESTED_STATES, 0x3b                                  // all but "being sent"
.set REQUESTED, 0xa                                          // asynchronous, and a request is there
enable_asynccancel:
    xor r10d, r10d
    mov eax, dword ptr fs:[r10 + UTLS_cancelhandling]
.Lagain:
    mov r11d, eax
    or r11d, CANCELTYPE_BITMASK
    cmp eax, r11d
    je .Lout                                                // it is already
    lock cmpxchg dword ptr fs:[r10 + UTLS_cancelhandling], r11d
    jne .Lagain
    and r11d, REQUESTED_STATES
    cmp r11d, REQUESTED
    je .Lcancelled
.Lout:
    ret
.Lcancelled:
    //@ event unexpected_error reg=r11
    ud2                                                     // nobody cancels threads here
