// static void *get_partial_node(struct kmem_cache *s, struct kmem_cache_node *n, struct kmem_cache_cpu *c, gfp_t flags)
// Source: Linux 4.8, mm/slub.c, get_partial_node with acquire_slab and remove_partial
// Entry: rdi s, rsi n, rdx c, this core's, ecx flags; interrupts off
// Exit:  rax the objects of a slab that now is c->page, or NULL; more slabs may have come to c->partial
// Clobbers: caller-saved registers
// Lock: the node's list_lock is taken and released
//@ state kernel
.set .Lcounters, 0x0                                        // new.counters, and parts of it
.set .Linuse, 0x0
.set .Lobjects, 0x2
.set .Lfrozen, 0x3                                          // bit 7
.set .Lavailable, 0x8
.set .Lthis_slab, 0xc                                       // free objects of the slab just acquired
.set .Lc, 0x10
.set .Lframe, 0x18
get_partial_node:
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    sub rsp, .Lframe
    xor r15d, r15d                                          // object
    test rsi, rsi
    je .Lout
    cmp qword ptr [rsi + SLUBNODE_nr_partial], 0x0          // racy, but cheap
    je .Lout
    mov rbp, rdi                                            // s
    mov r12, rsi                                            // n
    mov qword ptr [rsp + .Lc], rdx
    mov dword ptr [rsp + .Lavailable], 0x0
    mov rdi, rsi                                            // list_lock is its first field
    call _raw_spin_lock
    mov r13, qword ptr [r12 + SLUBNODE_partial + LIST_next] // &page->lru
.Lscan:
    lea rax, [r12 + SLUBNODE_partial]
    cmp r13, rax
    je .Lunlock
    mov r14, qword ptr [r13 + LIST_next]                    // page2: its list links go when the page is taken
    sub r13, PAGE_next                                      // page

// acquire_slab: freeze it; the first one gives its objects to the caller, the others keep them for later.
    mov rax, qword ptr [r13 + PAGE_freelist]
    mov rdx, qword ptr [r13 + PAGE_inuse]                   // counters
    mov qword ptr [rsp + .Lcounters], rdx
    movzx ecx, word ptr [rsp + .Lobjects]
    and ecx, 0x7fff
    movzx esi, word ptr [rsp + .Linuse]
    mov edi, ecx
    sub edi, esi
    mov dword ptr [rsp + .Lthis_slab], edi
    mov rbx, rax                                            // new.freelist
    test r15, r15
    jne .Lkeep
    mov word ptr [rsp + .Linuse], cx
    xor ebx, ebx
.Lkeep:
    or byte ptr [rsp + .Lfrozen], 0x80
    test dword ptr [rbp + SLUB_flags], __CMPXCHG_DOUBLE
    je .Lunsupported
    mov r8, rax                                             // freelist
    mov rcx, qword ptr [rsp + .Lcounters]
    lock cmpxchg16b xmmword ptr [r13 + PAGE_freelist]
    jne .Lunlock                                            // another core freed into it just now
    list_del r13 + PAGE_next, rcx, rdx                      // &page->lru: next, and pages for prev
    dec qword ptr [r12 + SLUBNODE_nr_partial]

    test r15, r15
    jne .Lto_partial
    mov rdx, qword ptr [rsp + .Lc]
    mov qword ptr [rdx + SLUBCPU_page], r13
    mov r15, r8                                             // object
    jmp .Lcounted
.Lto_partial:
    mov rdi, rbp
    mov rsi, r13
    xor edx, edx                                            // do not drain
    call put_cpu_partial
.Lcounted:
    mov eax, dword ptr [rsp + .Lavailable]
    add eax, dword ptr [rsp + .Lthis_slab]
    mov dword ptr [rsp + .Lavailable], eax
    mov ecx, dword ptr [rbp + SLUB_cpu_partial]
    shr ecx, 0x1
    mov r13, r14
    cmp eax, ecx
    jbe .Lscan
.Lunlock:
    raw_spin_unlock [r12 + SLUBNODE_list_lock]
.Lout:
    mov rax, r15
    add rsp, .Lframe
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret
.Lunsupported:
    //@ event unsupported reg=rbp
    ud2
