// static void give_token(struct user_page *page)
// Source: own reconstruction of pmsg-shared: send the next payload to the partner's type
// Entry: rdi page
// Exit:  sequence_to_send and sent advanced
// Clobbers: caller-saved registers
// Lock: none
//@ state user
give_token:
    push rbx
    mov rbx, rdi                                            // page
    mov rax, qword ptr [rbx + UPAGE_task + UTASK_partner_type]
    mov qword ptr [rbx + UPAGE_send_buffer + UMSG_mtype], rax
    mov eax, dword ptr [rbx + UPAGE_task + UTASK_pair]
    shl rax, 0x20
    or rax, qword ptr [rbx + UPAGE_task + UTASK_sequence_to_send]
    mov qword ptr [rbx + UPAGE_send_buffer + UMSG_mtext], rax
    mov edi, dword ptr [rbx + UPAGE_task + UTASK_msqid]
    lea rsi, [rbx + UPAGE_send_buffer]
    mov edx, UMSG__size - UMSG_mtext
    xor ecx, ecx                                            // no flags: wait
    call msgsnd
    test eax, eax
    jnz .Lfailed
    mov rcx, qword ptr [rbx + UPAGE_task + UTASK_sequence_step]
    add qword ptr [rbx + UPAGE_task + UTASK_sequence_to_send], rcx
    inc qword ptr [rbx + UPAGE_task + UTASK_sent]
    pop rbx
    ret
.Lfailed:
    //@ event unexpected_error reg=rax
    ud2
