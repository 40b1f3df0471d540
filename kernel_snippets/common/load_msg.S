// struct msg_msg *load_msg(const void __user *src, size_t len)
// Source: Linux 4.8, ipc/msgutil.c, load_msg with alloc_msg
// Entry: rdi src, rsi len
// Exit:  rax the message with its text, m_type and m_ts not yet set; an error: nothing is left allocated
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
datalen
load_msg:
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    mov r13, rdi                                            // src
    mov r12, rsi                                            // len

// alloc_msg: the message and, for a long text, a chain of segments.
    mov r14d, DATALEN_MSG
    cmp rsi, r14
    cmovbe r14, rsi                                         // alen
    lea rdi, [r14 + MSG__size]
    mov esi, GFP_KERNEL
    call __kmalloc
    test rax, rax
    je .Lno_memory
    mov rbp, rax                                            // msg
    mov qword ptr [rax + MSG_next], 0x0
    mov qword ptr [rax + MSG_security], 0x0
    lea r15, [rax + MSG_next]                               // pseg
    mov rbx, r12
    sub rbx, r14                                            // bytes that still need a place
    jne .Lallocate_segment

.Lcopy:
    mov r14d, DATALEN_MSG
    cmp r12, r14
    cmovbe r14, r12                                         // alen
    lea rdi, [rbp + MSG__size]                              // msg + 1
    mov rsi, r13
    mov edx, r14d
    call _copy_from_user
    test rax, rax
    jne .Lfault
    mov rbx, qword ptr [rbp + MSG_next]                     // seg
    test rbx, rbx
    jne .Lcopy_segment
.Lcopied:
    mov rdi, rbp
    call security_msg_msg_alloc
    test eax, eax
    jne .Lrefused
    mov rax, rbp
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret

.Lallocate_segment:
    mov r14d, DATALEN_SEG
    cmp rbx, r14
    cmovbe r14, rbx
    lea rdi, [r14 + MSGSEG__size]
    mov esi, GFP_KERNEL
    call __kmalloc
    test rax, rax
    je .Lno_segment
    mov qword ptr [r15], rax
    mov qword ptr [rax + MSGSEG_next], 0x0
    lea r15, [rax + MSGSEG_next]
    sub rbx, r14
    jne .Lallocate_segment
    jmp .Lcopy

.Lcopy_segment:
    sub r12, r14
    add r13, r14
    mov r14d, DATALEN_SEG
    cmp r12, r14
    cmovbe r14, r12
    lea rdi, [rbx + MSGSEG__size]                           // seg + 1
    mov rsi, r13
    mov edx, r14d
    call _copy_from_user
    test rax, rax
    jne .Lfault
    mov rbx, qword ptr [rbx + MSGSEG_next]
    test rbx, rbx
    jne .Lcopy_segment
    jmp .Lcopied

.Lno_segment:
    mov rdi, rbp
    call free_msg
.Lno_memory:
    mov rax, -ENOMEM
    jmp .Lout
.Lfault:
    mov eax, -EFAULT
.Lrefused:
    movsxd rbx, eax                                         // err: what the copy or the hook said
    mov rdi, rbp
    call free_msg
    mov rax, rbx
    jmp .Lout
