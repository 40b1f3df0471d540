// void acquire(struct clh **lock, struct clh_core *core), void release(struct clh **lock, struct clh_core *core)
// Source: Craig 1993, "Building FIFO and Priority-Queuing Spin Locks from Atomic Swap", UW-CSE-93-02-02; Magnusson, Landin,
//         Hagersten 1994
// Entry: rdi the lock, the node of the last in the queue or 0 at first; rsi the data of our core: which node is ours, which one
//        we waited for, and lines for two nodes. A node is a word: 1 while its user holds the lock or waits
// Clobbers: rax rdx
.set .LNODE, 0x0
.set .LBEFORE, 0x8
.set .LFIRST, 0x40
.set .LSPARE, 0x80
acquire:
    mov rax, qword ptr [rsi + .LNODE]
    test rax, rax
    jne .Lqueue
    lea rax, qword ptr [rsi + .LFIRST]                      // our first round
    mov qword ptr [rsi + .LNODE], rax
.Lqueue:
    mov dword ptr [rax], 0x1
    xchg qword ptr [rdi], rax
    mov qword ptr [rsi + .LBEFORE], rax
    test rax, rax
    je .Ltaken                                              // nobody has ever held the lock
    mov edx, dword ptr [rax]
    test edx, edx
    je .Ltaken
.Lwait:
    pause
    mov edx, dword ptr [rax]                                // the line of the one before us
    test edx, edx
    jne .Lwait
.Ltaken:
    ret

release:
    mov rax, qword ptr [rsi + .LBEFORE]
    test rax, rax
    jne .Lreuse
    lea rax, qword ptr [rsi + .LSPARE]                      // the first owner waited for no node: it has a second one
.Lreuse:
    mov rdx, qword ptr [rsi + .LNODE]
    mov qword ptr [rsi + .LNODE], rax                       // the one before us no longer looks at its node: ours from now on
    mov dword ptr [rdx], 0x0                                // the one behind us sees this
    ret
