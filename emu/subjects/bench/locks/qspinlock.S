// void acquire(struct qspinlock *lock, struct mcs *node, u32 core), void release(struct qspinlock *lock)
// Source: Linux 4.8, include/asm-generic/qspinlock.h, queued_spin_lock and queued_spin_unlock; kernel/locking/qspinlock.c,
//         queued_spin_lock_slowpath (native: no paravirtualisation; a core needs one node here, nothing interrupts it)
// Entry: rdi the lock: bits 0-7 locked, bit 8 pending, bits 18-31 core of the tail + 1; rsi our node; edx our core
// Clobbers: rax rcx rdx r8 r9 r10 r11
// Lock word: queued
// In the comments (tail, pending, locked), as the kernel writes it.
.set .LLOCKED, 0x1
.set .LPENDING, 0x100
.set .LTAIL, 0x2
.set .LTAIL_MASK, 0xffff0000
.set .LNEXT, 0x0
.set .LGRANTED, 0x8
acquire:
    mov r8d, edx                                            // our core
    xor eax, eax
    mov edx, .LLOCKED
    lock cmpxchg dword ptr [rdi], edx                       // 0,0,0 -> 0,0,1
    jne .Lcontended
    ret
.Lcontended:
    mov r10d, eax                                           // the value seen
    cmp r10d, .LPENDING
    jne .Ltry
.Lhand_over:
    pause                                                   // pending becomes locked just now
    mov r10d, dword ptr [rdi]
    cmp r10d, .LPENDING
    je .Lhand_over

// 0,0,0 -> 0,0,1: taken; 0,0,1 -> 0,1,1: pending; anything else: queue.
.Ltry:
    test r10d, 0xffffff00
    jne .Lqueue
    mov edx, .LLOCKED
    mov eax, .LLOCKED | .LPENDING
    cmp r10d, .LLOCKED
    cmove edx, eax
    mov eax, r10d
    lock cmpxchg dword ptr [rdi], edx
    je .Lwon
    mov r10d, eax
    jmp .Ltry
.Lwon:
    cmp edx, .LLOCKED
    je .Ltaken

// We are pending: wait for the owner, then 0,1,0 -> 0,0,1.
    mov eax, dword ptr [rdi]
    test al, al
    je .Lowner_gone
.Lpending_wait:
    pause
    mov eax, dword ptr [rdi]
    test al, al
    jne .Lpending_wait
.Lowner_gone:
    mov word ptr [rdi], .LLOCKED                            // clear pending, set locked
.Ltaken:
    ret

// Queue behind the pending waiter: our node, our tail.
.Lqueue:
    lea ecx, dword ptr [r8 + 0x1]                           // core + 1: 0 means no tail
    shl ecx, 0x12
    mov dword ptr [rsi + .LGRANTED], 0x0
    mov qword ptr [rsi + .LNEXT], 0x0
    mov eax, dword ptr [rdi]                                // touching the node took a while: perhaps the lock is free by now
    test eax, eax
    jne .Lenqueue
    mov edx, .LLOCKED
    lock cmpxchg dword ptr [rdi], edx
    test eax, eax
    jne .Lenqueue
    ret
.Lenqueue:
    mov eax, ecx
    shr eax, 0x10
    xchg word ptr [rdi + .LTAIL], ax                        // p,*,* -> ours,*,*
    xor r9d, r9d                                            // next
    movzx eax, ax
    test eax, eax
    je .Lhead

// Somebody is before us: link our node behind theirs and spin on our own line.
    shr eax, 0x2
    dec eax                                                 // their core
    sub eax, r8d
    movsxd rax, eax
    imul rax, rax, BENCH_CORE_BYTES                         // the cores' data lie side by side
    mov qword ptr [rsi + rax + .LNEXT], rsi
    mov eax, dword ptr [rsi + .LGRANTED]
    test eax, eax
    jne .Lprefetch
.Lnode_wait:
    pause
    mov eax, dword ptr [rsi + .LGRANTED]
    test eax, eax
    je .Lnode_wait
.Lprefetch:
    mov r9, qword ptr [rsi + .LNEXT]
    test r9, r9
    je .Lhead
    prefetchw byte ptr [r9]                                 // its word is the next thing we write

// Head of the queue: wait for owner and pending waiter, *,x,y -> *,0,0.
.Lhead:
    mov r10d, dword ptr [rdi]
    test r10w, r10w
    je .Lclaim
.Lhead_wait:
    pause
    mov r10d, dword ptr [rdi]
    test r10w, r10w
    jne .Lhead_wait

// n,0,0 -> 0,0,1 if the tail is still ours, else *,0,0 -> *,0,1 and wake the next in the queue.
.Lclaim:
    mov eax, r10d
    and eax, .LTAIL_MASK
    cmp eax, ecx
    jne .Lset_locked
    mov eax, r10d
    mov edx, .LLOCKED
    lock cmpxchg dword ptr [rdi], edx
    je .Lclaimed
    mov r10d, eax
    jmp .Lclaim
.Lclaimed:
    ret
.Lset_locked:
    mov byte ptr [rdi], .LLOCKED
    test r9, r9
    jne .Lpass_on
.Lnext_wait:
    mov r9, qword ptr [rsi + .LNEXT]                        // has our tail been followed by a link yet?
    test r9, r9
    jne .Lpass_on
    pause
    jmp .Lnext_wait
.Lpass_on:
    mov dword ptr [r9 + .LGRANTED], 0x1
    ret

release:
    mov byte ptr [rdi], 0x0
    ret
