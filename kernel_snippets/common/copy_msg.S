// struct msg_msg *copy_msg(struct msg_msg *src, struct msg_msg *dst)
// Source: Linux 4.8, ipc/msgutil.c, copy_msg, with CONFIG_CHECKPOINT_RESTORE
// Entry: rdi src, rsi dst: its m_ts is the room that it has
// Exit:  rax dst, now with the text, type and length of src; -EINVAL if that has no room
// Clobbers: caller-saved registers
// Lock: q_perm.lock is held
//@ state kernel
//
// rbx src, rbp dst, r12 bytes left, r13 and r14 the segments of both
datalen
copy_msg:
    push r14
    push r13
    push r12
    push rbp
    push rbx
    mov rbx, rdi
    mov rbp, rsi
    mov r12, qword ptr [rdi + MSG_m_ts]                     // len
    cmp r12, qword ptr [rsi + MSG_m_ts]
    ja .Lno_room
    mov edx, DATALEN_MSG
    cmp r12, rdx
    cmovbe rdx, r12                                         // alen
    sub r12, rdx
    lea rdi, [rsi + MSG__size]                              // dst + 1
    lea rsi, [rbx + MSG__size]                              // src + 1
    call memcpy
    mov r13, qword ptr [rbx + MSG_next]
    mov r14, qword ptr [rbp + MSG_next]
.Lsegment:
    test r13, r13                                           // dst has room: it has as many segments
    je .Lcopied
    mov edx, DATALEN_SEG
    cmp r12, rdx
    cmovbe rdx, r12
    sub r12, rdx
    lea rdi, [r14 + MSGSEG__size]
    lea rsi, [r13 + MSGSEG__size]
    call memcpy
    mov r13, qword ptr [r13 + MSGSEG_next]
    mov r14, qword ptr [r14 + MSGSEG_next]
    jmp .Lsegment
.Lcopied:
    mov rax, qword ptr [rbx + MSG_m_type]
    mov qword ptr [rbp + MSG_m_type], rax
    mov rax, qword ptr [rbx + MSG_m_ts]
    mov qword ptr [rbp + MSG_m_ts], rax
    mov rax, rbp
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    ret
.Lno_room:
    mov rax, -EINVAL
    jmp .Lout
