// void table_task(struct table_page *page)
// Source: own: a task makes the system calls of its table, line after line and round after round
// Entry: rdi this task's pages, rsp its stack; ring 3
// Exit:  never: exit(0) after the last round; ud2 after an error that the table does not allow
// Clobbers: all
// Lock: none
//@ state user
table_task:
    mov rbx, rdi                                            // page
    mov rcx, qword ptr [rbx + TPAGE_task + TTASK_start_delay]
    call .Ldelay
    xor r12d, r12d                                          // round
.Lround:
    cmp r12, qword ptr [rbx + TPAGE_task + TTASK_rounds]
    jae .Ldone
    lea r13, [rbx + TPAGE_calls]                            // line
    mov r14, qword ptr [rbx + TPAGE_task + TTASK_calls]     // lines left
    test r12, r12
    jz .Lline
    mov rax, qword ptr [rbx + TPAGE_task + TTASK_prologue]
    sub r14, rax
    shl rax, 0x7                                            // TCALL__size
    add r13, rax
.Lline:
    test r14, r14
    jz .Lnext_round
    mov r15, qword ptr [r13 + TCALL_times]
.Lcall:
    test r15, r15
    jz .Lnext_line
    mov rcx, qword ptr [r13 + TCALL_delay]
    call .Ldelay
    mov rax, qword ptr [r13 + TCALL_message_type]
    mov qword ptr [rbx + TPAGE_send_buffer], rax
    mov rax, qword ptr [r13 + TCALL_number]
    mov rdi, qword ptr [r13 + TCALL_argument_0]
    mov rsi, qword ptr [r13 + TCALL_argument_1]
    mov rdx, qword ptr [r13 + TCALL_argument_2]
    mov r10, qword ptr [r13 + TCALL_argument_3]             // syscall takes rcx
    mov r8, qword ptr [r13 + TCALL_argument_4]
    syscall
    test rax, rax
    js .Lerror
    inc qword ptr [r13 + TCALL_done]
    cmp dword ptr [r13 + TCALL_number], 0x46                // msgrcv
    jne .Lanswered
    //@ event delivered reg=rax
    nop
.Lanswered:
    dec r15
    jmp .Lcall
.Lerror:
    //@ event call_failed reg=rax
    cmp rax, qword ptr [r13 + TCALL_retry]
    je .Lretry
    inc qword ptr [r13 + TCALL_refused]
    cmp rax, qword ptr [r13 + TCALL_allowed]
    je .Lanswered
    cmp rax, qword ptr [r13 + TCALL_allowed_too]
    je .Lanswered
    //@ event unexpected_error reg=rax
    ud2
.Lretry:
    inc qword ptr [r13 + TCALL_retried]
    jmp .Lcall
.Lnext_line:
    mov rax, qword ptr [r13 + TCALL_step]
    add qword ptr [r13 + TCALL_argument_0], rax
    add r13, TCALL__size
    dec r14
    jmp .Lline
.Lnext_round:
    inc r12
    jmp .Lround
.Ldelay:
    test rcx, rcx
    jz .Lnow
.Lwait:
    dec rcx
    jnz .Lwait
.Lnow:
    ret
.Ldone:
    xor edi, edi
    mov eax, 0x3c                                           // exit
    syscall
    ud2
