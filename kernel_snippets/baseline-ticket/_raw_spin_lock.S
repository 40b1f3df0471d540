// void _raw_spin_lock(raw_spinlock_t *lock)
// Source: Linux 4.1, arch/x86/include/asm/spinlock.h, arch_spin_lock; u16 tickets (NR_CPUS of 256 or more), no paravirtual
//         locks: a ticket is 1, and the spin threshold, which only they act on, is left out
// Entry: rdi lock
// Exit:  rdi lock
// Clobbers: rax rdx
// Lock: taken
//@ state kernel
//
// The lock word: u16 head, the ticket that is served; u16 tail, the next to be drawn. Free while they are equal.
_raw_spin_lock:
    preempt_disable
    mov eax, TICKET_TAIL_INC
    lock xadd dword ptr [rdi], eax                          // draw: tail + 1, and what the word was
    mov edx, eax
    shr edx, 0x10                                           // our ticket
    cmp ax, dx
    jne .Lwait
    ret
.Lwait:
    pause
    movzx eax, word ptr [rdi]                               // head
    cmp ax, dx
    jne .Lwait
    ret
