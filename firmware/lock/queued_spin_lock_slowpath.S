// void queued_spin_lock_slowpath(struct qspinlock *lock, u32 val)
// Source: Linux 4.8, kernel/locking/qspinlock.c, queued_spin_lock_slowpath (native: no paravirtualisation)
// Entry: rdi lock, esi its value as the fast path saw it
// Exit:  the lock is ours
// Clobbers: rax rcx rdx rsi r8 r9 r10
// Lock: taken
//@ state kernel
//
// The lock word: bits 0-7 locked, bit 8 pending, bits 16-17 index of the queue node, bits 18-31 core of the tail + 1.
// In the comments (tail, pending, locked), as the kernel writes it.
.set .LLOCKED, 0x1
.set .LPENDING, 0x100
.set .LLOCKED_MASK, 0xff
.set .LLOCKED_PENDING_MASK, 0xffff
.set .LTAIL_MASK, 0xffff0000
queued_spin_lock_slowpath:
    cmp esi, .LPENDING                                      // a hand-over from pending to locked is in progress
    jne .Ltry
.Lhand_over:
    pause
    mov esi, dword ptr [rdi]
    cmp esi, .LPENDING
    je .Lhand_over

// 0,0,0 -> 0,0,1: taken; 0,0,1 -> 0,1,1: pending; anything else: queue.
.Ltry:
    test esi, 0xffffff00                                    // ~LOCKED_MASK: somebody waits already
    jne .Lqueue
    mov edx, .LLOCKED
    mov eax, .LLOCKED | .LPENDING
    cmp esi, .LLOCKED
    cmove edx, eax                                          // new
    mov eax, esi
    lock cmpxchg dword ptr [rdi], edx
    cmp eax, esi
    je .Lwon
    mov esi, eax
    jmp .Ltry
.Lwon:
    cmp edx, .LLOCKED
    je .Ldone

// We are pending: wait for the owner, then 0,1,0 -> 0,0,1. The pending waiter spins on the lock word itself.
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
.Ldone:
    ret

// Queue behind the pending waiter: our node, our tail.
.Lqueue:
    mov r8, qword ptr gs:[PERCPU_this_cpu_off]
    add r8, PERCPU_mcs_nodes                                // node 0 holds the nesting count
    mov eax, dword ptr [r8 + MCS_count]
    mov edx, eax
    inc edx
    mov dword ptr [r8 + MCS_count], edx                      // count++
    mov ecx, dword ptr gs:[PERCPU_cpu_number]
    inc ecx                                                 // core + 1: 0 means no tail
    shl ecx, 0x12
    mov edx, eax                                            // index of our node
    shl edx, 0x10
    or ecx, edx                                             // tail
    cdqe
    shl rax, 0x4
    add r8, rax                                             // node
    mov dword ptr [r8 + MCS_locked], 0x0
    mov qword ptr [r8 + MCS_next], 0x0

// Touching the node took a while: perhaps the lock is free by now.
    mov eax, dword ptr [rdi]
    test eax, eax
    jne .Lenqueue
    mov edx, .LLOCKED
    lock cmpxchg dword ptr [rdi], edx
    test eax, eax
    je .Lrelease
.Lenqueue:
    mov eax, ecx
    shr eax, 0x10
    xchg word ptr [rdi + QSPIN_tail], ax                    // p,*,* -> ours,*,*
    xor r9d, r9d                                            // next
    shl eax, 0x10                                           // old tail
    test eax, eax
    je .Lhead

// Somebody is before us: link our node behind theirs and spin on our own line.
    mov edx, eax
    shr edx, 0x12
    dec edx                                                 // their core
    shr eax, 0x10
    and eax, 0x3                                            // their node's index
    movsxd rdx, edx
    shl rax, 0x4
    add rax, PERCPU_mcs_nodes
    add rax, qword ptr [__per_cpu_offset + rdx*8]           // prev
    mov qword ptr [rax + MCS_next], r8
    mov eax, dword ptr [r8 + MCS_locked]
    test eax, eax
    jne .Lprefetch
.Lnode_wait:
    pause
    mov eax, dword ptr [r8 + MCS_locked]
    test eax, eax
    je .Lnode_wait
.Lprefetch:
    mov r9, qword ptr [r8 + MCS_next]
    test r9, r9
    je .Lhead
    prefetchw byte ptr [r9]                                 // its locked word is the next thing we write

// Head of the queue: wait for owner and pending waiter, *,x,y -> *,0,0.
.Lhead:
    mov esi, dword ptr [rdi]
    test si, si
    je .Lclaim
.Lhead_wait:
    pause
    mov esi, dword ptr [rdi]
    test si, si
    jne .Lhead_wait

// n,0,0 -> 0,0,1 if the tail is still ours, else *,0,0 -> *,0,1 and wake the next in the queue.
.Lclaim:
    mov eax, esi
    and eax, .LTAIL_MASK
    cmp eax, ecx
    jne .Lset_locked
    mov eax, esi
    mov edx, .LLOCKED
    lock cmpxchg dword ptr [rdi], edx
    cmp eax, esi
    je .Lrelease
    mov esi, eax
    jmp .Lclaim
.Lset_locked:
    mov byte ptr [rdi], .LLOCKED
    test r9, r9
    jne .Lpass_on
.Lnext_wait:
    mov r9, qword ptr [r8 + MCS_next]                       // has our tail been followed by a link yet?
    test r9, r9
    jne .Lpass_on
    pause
    jmp .Lnext_wait
.Lpass_on:
    mov dword ptr [r9 + MCS_locked], 0x1
.Lrelease:
    dec dword ptr gs:[PERCPU_mcs_nodes + MCS_count]
    ret
