// void acquire(u32 *lock), void release(u32 *lock)
// Source: test-and-test-and-set; Anderson 1990, "The Performance of Spin Lock Alternatives ...", 3.1, "spin on read"
// Entry: rdi the lock, 0 when free and 1 when held
// Clobbers: eax
// Lock word: queued
acquire:
    mov eax, 0x1
    xchg dword ptr [rdi], eax
    test eax, eax
    jne .Lwait
    ret
.Lwait:
    pause
    mov eax, dword ptr [rdi]                                // hits in the own cache until the owner's store takes the line away
    test eax, eax
    jne .Lwait
    jmp acquire

release:
    mov dword ptr [rdi], 0x0
    ret
