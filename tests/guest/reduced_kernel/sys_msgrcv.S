// long sys_msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, int msgflg)
// Source: own, a stand-in for tests of boot, entry and interrupts: sleep until the mailbox of the type is full, then empty it
// Entry: as the prototype
// Exit:  as the prototype
// Clobbers: caller-saved registers
// Lock: none
//@ state kernel
sys_msgrcv:
    push rbx
    push rbp
    push r12
    mov rbx, rcx
    shl rbx, 0x4
    mov rbp, rsi
    mov r12, rcx
.Lagain:
    mov rax, qword ptr gs:[PERCPU_current]
    mov rdx, 0x1
    xchg qword ptr [rax + TASK_state], rdx
    cmp qword ptr [reduced_mailbox + rbx], 0x0
    jne .Lgot
    call schedule
    jmp .Lagain
.Lgot:
    mov qword ptr [rax + TASK_state], 0x0
    mov rdx, qword ptr [reduced_mailbox + rbx + 0x8]
    mov qword ptr [reduced_mailbox + rbx], 0x0
    mov qword ptr [rbp], r12
    mov qword ptr [rbp + 0x8], rdx
    mov eax, 0x8
    pop r12
    pop rbp
    pop rbx
    ret
