// void acquire(struct qrwlock *lock), release, acquire_shared, release_shared: a lock for one writer or many readers
// Source: Linux 4.8, include/asm-generic/qrwlock.h and kernel/locking/qrwlock.c; a ticket lock in place of its wait_lock
// Entry: rdi the lock: at 0 the counts (0xff the writer, bit 8 a writer waits, then readers in steps of 0x200), at 4 the tickets
//        of those who wait
// Clobbers: rax rdx
.set .LWRITER, 0xff
.set .LWRITER_WAITS, 0x100
.set .LWRITERS, 0x1ff
.set .LREADER, 0x200
.set .LTICKETS, 0x4
acquire:
    xor eax, eax
    mov edx, .LWRITER
    lock cmpxchg dword ptr [rdi], edx
    jne .Lwrite_slow
    ret
.Lwrite_slow:
    mov eax, 0x10000
    lock xadd dword ptr [rdi + .LTICKETS], eax              // writers and readers who wait do so in order
    mov edx, eax
    shr edx, 0x10
.Lwrite_queue:
    cmp ax, dx
    je .Lwrite_head
    pause
    mov ax, word ptr [rdi + .LTICKETS]
    jmp .Lwrite_queue
.Lwrite_head:
    lock or dword ptr [rdi], .LWRITER_WAITS                 // no reader overtakes us from here on
    mov edx, .LWRITER
.Lwrite_wait:
    mov eax, dword ptr [rdi]
    cmp eax, .LWRITER_WAITS
    jne .Lwrite_busy
    lock cmpxchg dword ptr [rdi], edx                       // nobody reads or writes: *,1,0 -> the writer
    je .Lwrite_taken
.Lwrite_busy:
    pause
    jmp .Lwrite_wait
.Lwrite_taken:
    inc word ptr [rdi + .LTICKETS]
    ret

release:
    mov byte ptr [rdi], 0x0
    ret

acquire_shared:
    mov eax, .LREADER
    lock xadd dword ptr [rdi], eax
    test eax, .LWRITERS
    jne .Lread_slow
    ret
.Lread_slow:
    lock sub dword ptr [rdi], .LREADER                      // not yet: queue behind those who wait
    mov eax, 0x10000
    lock xadd dword ptr [rdi + .LTICKETS], eax
    mov edx, eax
    shr edx, 0x10
.Lread_queue:
    cmp ax, dx
    je .Lread_head
    pause
    mov ax, word ptr [rdi + .LTICKETS]
    jmp .Lread_queue
.Lread_head:
    lock add dword ptr [rdi], .LREADER
.Lread_wait:
    movzx eax, byte ptr [rdi]                               // a writer that waits lets the head of the queue go first
    test eax, eax
    je .Lread_taken
    pause
    jmp .Lread_wait
.Lread_taken:
    inc word ptr [rdi + .LTICKETS]
    ret

release_shared:
    lock sub dword ptr [rdi], .LREADER
    ret
