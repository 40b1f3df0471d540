// int store_msg(void __user *dest, struct msg_msg *msg, size_t len)
// Source: Linux 4.8, ipc/msgutil.c, store_msg
// Entry: rdi dest, rsi msg, rdx len
// Exit:  eax 0, or -1: the user's memory ends before the text does
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
datalen
store_msg:
    push r13
    push r12
    push rbp
    push rbx
    mov r13, rdi                                            // dest
    mov rbp, rsi                                            // msg
    mov r12, rdx                                            // len
    mov ebx, DATALEN_MSG
    cmp rdx, rbx
    cmovbe rbx, rdx                                         // alen
    lea rsi, [rsi + MSG__size]                              // msg + 1
    mov edx, ebx
    call _copy_to_user
    test rax, rax
    jne .Lfault
    mov rbp, qword ptr [rbp + MSG_next]                     // seg
    test rbp, rbp
    jne .Lsegment
.Lstored:
    xor eax, eax
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret

.Lsegment:
    sub r12, rbx
    add r13, rbx
    mov ebx, DATALEN_SEG
    cmp r12, rbx
    cmovbe rbx, r12
    mov rdi, r13
    lea rsi, [rbp + MSGSEG__size]                           // seg + 1
    mov edx, ebx
    call _copy_to_user
    test rax, rax
    jne .Lfault
    mov rbp, qword ptr [rbp + MSGSEG_next]
    test rbp, rbp
    jne .Lsegment
    jmp .Lstored
.Lfault:
    mov eax, -0x1
    jmp .Lout
