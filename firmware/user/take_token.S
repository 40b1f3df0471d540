// static void take_token(struct user_page *page)
// Source: own reconstruction of pmsg-shared: wait for a message of our type, check that it is the one due
// Entry: rdi page
// Exit:  sequence_expected and received advanced
// Clobbers: caller-saved registers
// Lock: none
//@ state user
take_token:
    push rbx
    mov rbx, rdi                                            // page
    mov edi, dword ptr [rbx + UPAGE_task + UTASK_msqid]
    lea rsi, [rbx + UPAGE_receive_buffer]
    mov edx, UMSG__size - UMSG_mtext
    mov rcx, qword ptr [rbx + UPAGE_task + UTASK_own_type]
    xor r8d, r8d                                            // no flags: wait
    call msgrcv
    cmp rax, UMSG__size - UMSG_mtext
    jne .Lfailed
    mov rax, qword ptr [rbx + UPAGE_receive_buffer + UMSG_mtype]
    cmp rax, qword ptr [rbx + UPAGE_task + UTASK_own_type]
    jne .Lmismatch
    mov eax, dword ptr [rbx + UPAGE_task + UTASK_pair]
    shl rax, 0x20
    or rax, qword ptr [rbx + UPAGE_task + UTASK_sequence_expected]
    cmp rax, qword ptr [rbx + UPAGE_receive_buffer + UMSG_mtext]
    jne .Lmismatch
    //@ event delivered reg=rax
    mov rcx, qword ptr [rbx + UPAGE_task + UTASK_sequence_step]
    add qword ptr [rbx + UPAGE_task + UTASK_sequence_expected], rcx
    inc qword ptr [rbx + UPAGE_task + UTASK_received]
    pop rbx
    ret
.Lmismatch:
    //@ event payload_mismatch
    ud2
.Lfailed:
    //@ event unexpected_error reg=rax
    ud2
