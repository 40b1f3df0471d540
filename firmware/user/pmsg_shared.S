// void pmsg_shared(struct user_page *page)
// Source: own reconstruction of the benchmark pmsg-shared, whose source is not public: pairs of threads of one process
//         play ping-pong with 8-byte messages; which queue and which types is theirs to be told
// Entry: rdi this thread's pages, rsp its stack; ring 3
// Exit:  never: exit(0) when its rounds are done; ud2 after a wrong payload or an unexpected error
// Clobbers: all
// Lock: none
//@ state user
pmsg_shared:
    mov rbx, rdi                                            // page
    mov rcx, qword ptr [rbx + UPAGE_task + UTASK_start_delay]
    test rcx, rcx
    jz .Lstarted
.Ldelay:
    dec rcx
    jnz .Ldelay
.Lstarted:
    cmp dword ptr [rbx + UPAGE_task + UTASK_starts_first], 0x0
    je .Lround
    mov rdi, rbx
    call give_token
.Lround:
    mov rax, qword ptr [rbx + UPAGE_task + UTASK_received]
    cmp rax, qword ptr [rbx + UPAGE_task + UTASK_rounds_to_receive]
    jae .Ldone
    mov rdi, rbx
    call take_token
    mov rax, qword ptr [rbx + UPAGE_task + UTASK_sent]
    cmp rax, qword ptr [rbx + UPAGE_task + UTASK_rounds_to_send]
    jae .Lround
    mov rdi, rbx
    call give_token
    jmp .Lround
.Ldone:
    xor edi, edi
    mov eax, 0x3c                                           // exit
    syscall
    ud2
