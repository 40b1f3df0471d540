// void script_task(struct script_page *page)
// Source: own: a task of a script makes one system call after the other, as it is told from outside
// Entry: rdi this task's pages, rsp its stack; ring 3
// Exit:  never, unless a call is exit
// Clobbers: all
// Lock: none
//@ state user
script_task:
    mov rbx, rdi                                            // page
    xor r12d, r12d                                          // calls made
.Lwait:
    pause
    mov rax, qword ptr [rbx + SPAGE_call + SCALL_issued]
    cmp rax, r12
    je .Lwait
    mov r12, rax
    mov rax, qword ptr [rbx + SPAGE_call + SCALL_number]
    mov rdi, qword ptr [rbx + SPAGE_call + SCALL_argument_0]
    mov rsi, qword ptr [rbx + SPAGE_call + SCALL_argument_1]
    mov rdx, qword ptr [rbx + SPAGE_call + SCALL_argument_2]
    mov r10, qword ptr [rbx + SPAGE_call + SCALL_argument_3] // syscall takes rcx
    mov r8, qword ptr [rbx + SPAGE_call + SCALL_argument_4]
    syscall
    mov qword ptr [rbx + SPAGE_call + SCALL_result], rax
    mov qword ptr [rbx + SPAGE_call + SCALL_returned], r12
    jmp .Lwait
