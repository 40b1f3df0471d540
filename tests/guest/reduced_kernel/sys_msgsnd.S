// long sys_msgsnd(int msqid, void *msgp, size_t msgsz, int msgflg)
// Source: own, a stand-in for tests of boot, entry and interrupts: one mailbox a type: fill it and wake its owner
// Entry: as the prototype
// Exit:  as the prototype
// Clobbers: caller-saved registers
// Lock: none
//@ state kernel
sys_msgsnd:
    mov rax, qword ptr [rsi]
    mov rdx, qword ptr [rsi + 0x8]
    mov rdi, rax
    shl rdi, 0x4
    cmp qword ptr [reduced_mailbox + rdi], 0x0
    je .Lok
    ud2
.Lok:
    mov qword ptr [reduced_mailbox + rdi + 0x8], rdx
    mov qword ptr [reduced_mailbox + rdi], 0x1
    dec rax
    mov rdi, qword ptr [boot_tasks]
    mov rdi, qword ptr [rdi + rax*8]
    call try_to_wake_up
    xor eax, eax
    ret
