// static void put_cpu_partial(struct kmem_cache *s, struct page *page, int drain)
// Source: Linux 4.8, mm/slub.c, put_cpu_partial
// Entry: rdi s, rsi page, frozen and on no list, edx drain: the list may be emptied to the node's
// Exit:  page heads this core's list of partial slabs
// Clobbers: caller-saved registers
// Lock: the node's list_lock may be taken and released; held already if drain is 0
//@ state kernel
put_cpu_partial:
    push r14
    push r13
    push r12
    push rbp
    push rbx
    mov rbp, rdi                                            // s
    mov r12, rsi                                            // page
    mov r13d, edx                                           // drain
.Lredo:
    mov rcx, qword ptr [rbp + SLUB_cpu_slab]
    mov r14, qword ptr gs:[rcx + SLUBCPU_partial]           // oldpage
    xor eax, eax                                            // pages
    xor edx, edx                                            // pobjects
    test r14, r14
    je .Lcount
    mov eax, dword ptr [r14 + PAGE_pages]
    mov edx, dword ptr [r14 + PAGE_pobjects]
    test r13d, r13d
    je .Lcount
    cmp edx, dword ptr [rbp + SLUB_cpu_partial]
    jle .Lcount

// Enough of them here: move them all to the node's list.
    pushfq
    pop rbx
    cli
    mov rdi, rbp
    mov rsi, qword ptr gs:[PERCPU_this_cpu_off]
    add rsi, qword ptr [rbp + SLUB_cpu_slab]
    call unfreeze_partials
    push rbx
    popfq
    xor r14d, r14d
    xor eax, eax
    xor edx, edx
.Lcount:
    inc eax
    movzx ecx, word ptr [r12 + PAGE_objects_frozen]
    and ecx, 0x7fff
    add edx, ecx
    movzx ecx, word ptr [r12 + PAGE_inuse]
    sub edx, ecx
    mov dword ptr [r12 + PAGE_pages], eax
    mov dword ptr [r12 + PAGE_pobjects], edx
    mov qword ptr [r12 + PAGE_next], r14
    mov rcx, qword ptr [rbp + SLUB_cpu_slab]
    mov rax, r14
    cmpxchg qword ptr gs:[rcx + SLUBCPU_partial], r12       // this_cpu_cmpxchg: against interrupts only
    jne .Lredo
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    ret
