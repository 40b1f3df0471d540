// static void unfreeze_partials(struct kmem_cache *s, struct kmem_cache_cpu *c)
// Source: Linux 4.8, mm/slub.c, unfreeze_partials with add_partial; one memory node
// Entry: rdi s, rsi c, this core's; interrupts off
// Exit:  c->partial is empty, its slabs are at the tail of the node's list
// Clobbers: caller-saved registers
// Lock: the node's list_lock is taken and released
//@ state kernel
unfreeze_partials:
    push r14
    push r13
    push r12
    push rbp
    push rbx
    mov rbp, rdi                                            // s
    mov r12, rsi                                            // c
    xor r13d, r13d                                          // n: not locked yet
.Lnext:
    mov r14, qword ptr [r12 + SLUBCPU_partial]              // page
    test r14, r14
    je .Ldone
    mov rax, qword ptr [r14 + PAGE_next]
    mov qword ptr [r12 + SLUBCPU_partial], rax
    test r13, r13
    jne .Llocked
    mov r13, qword ptr [rbp + SLUB_node]
    mov rdi, r13                                            // list_lock is its first field
    call _raw_spin_lock
.Llocked:
    test dword ptr [rbp + SLUB_flags], __CMPXCHG_DOUBLE
    je .Lunsupported
.Lunfreeze:
    mov rax, qword ptr [r14 + PAGE_freelist]
    mov rdx, qword ptr [r14 + PAGE_inuse]                   // counters
    mov rbx, rax
    mov rcx, rdx
    btr rcx, 0x1f                                           // frozen = 0
    lock cmpxchg16b xmmword ptr [r14 + PAGE_freelist]
    jne .Lunfreeze
    test cx, cx                                             // inuse
    jne .Ladd
    mov rax, qword ptr [r13 + SLUBNODE_nr_partial]
    cmp rax, qword ptr [rbp + SLUB_min_partial]
    jae .Lunsupported                                       // discard_slab: there is no page allocator to give it to
.Ladd:
    inc qword ptr [r13 + SLUBNODE_nr_partial]
    lea rax, [r14 + PAGE_next]                              // &page->lru
    lea rdx, [r13 + SLUBNODE_partial]
    list_add_tail rax, rdx, rcx
    jmp .Lnext
.Ldone:
    test r13, r13
    je .Lout
    raw_spin_unlock [r13 + SLUBNODE_list_lock]
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    ret
.Lunsupported:
    //@ event unsupported reg=rbp
    ud2
