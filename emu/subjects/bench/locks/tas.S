// void acquire(u32 *lock), void release(u32 *lock)
// Source: test-and-set; Anderson 1990, "The Performance of Spin Lock Alternatives for Shared-Memory Multiprocessors", 3.1
// Entry: rdi the lock, 0 when free and 1 when held
// Clobbers: eax
// Lock word: queued
acquire:
    mov eax, 0x1
    xchg dword ptr [rdi], eax                               // every try takes the line away from the owner
    test eax, eax
    jne acquire
    ret

release:
    mov dword ptr [rdi], 0x0                                // x86 keeps it behind what the section did
    ret
