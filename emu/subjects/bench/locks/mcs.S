// void acquire(struct mcs **lock, struct mcs *node), void release(struct mcs **lock, struct mcs *node)
// Source: Mellor-Crummey and Scott 1991, "Algorithms for Scalable Synchronization on Shared-Memory Multiprocessors", figure 5
// Entry: rdi the lock, the tail of the queue or 0; rsi our node, the data of our core
// Clobbers: rax rdx
.set .LNEXT, 0x0
.set .LWAITS, 0x8
acquire:
    mov qword ptr [rsi + .LNEXT], 0x0
    mov dword ptr [rsi + .LWAITS], 0x1
    mov rax, rsi
    xchg qword ptr [rdi], rax                               // we are the tail; rax the one before us
    test rax, rax
    je .Ltaken
    mov qword ptr [rax + .LNEXT], rsi
.Lwait:
    pause
    mov edx, dword ptr [rsi + .LWAITS]                      // our own line: only the one before us writes it
    test edx, edx
    jne .Lwait
.Ltaken:
    ret

release:
    mov rax, qword ptr [rsi + .LNEXT]
    test rax, rax
    jne .Lpass_on
    mov rax, rsi
    xor edx, edx
    lock cmpxchg qword ptr [rdi], rdx                       // still the tail: the queue is empty now
    je .Lreleased
.Llink_wait:
    pause
    mov rax, qword ptr [rsi + .LNEXT]                       // somebody is behind us and has not said who
    test rax, rax
    je .Llink_wait
.Lpass_on:
    mov dword ptr [rax + .LWAITS], 0x0
.Lreleased:
    ret
