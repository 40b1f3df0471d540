// void acquire(u32 *lock), void release(u32 *lock)
// Source: Linux 4.1, arch/x86/include/asm/spinlock.h, arch_spin_lock and arch_spin_unlock (16-bit tickets, not paravirtualised)
// Entry: rdi the lock: bits 0 to 15 the ticket that is served, bits 16 to 31 the next one to be drawn
// Clobbers: eax edx
// Lock word: ticket
acquire:
    mov eax, 0x10000
    lock xadd dword ptr [rdi], eax                          // draw a ticket
    mov edx, eax
    shr edx, 0x10                                           // ours
    cmp ax, dx
    jne .Lwait
    ret
.Lwait:
    pause
    mov ax, word ptr [rdi]                                  // all who wait read the word that every release writes
    cmp ax, dx
    jne .Lwait
    ret

release:
    inc word ptr [rdi]                                      // nobody else writes the low half: no lock prefix
    ret
