// static void *___slab_alloc(struct kmem_cache *s, gfp_t gfpflags, int node, unsigned long addr, struct kmem_cache_cpu *c)
// Source: Linux 4.8, mm/slub.c, ___slab_alloc with get_freelist, new_slab_objects and get_partial
// Entry: rdi s, esi gfpflags, edx node (any), rcx addr, r8 c, this core's; interrupts off
// Exit:  rax an object, the rest of its slab's free objects are c->freelist; NULL if new_slab gives none
// Clobbers: caller-saved registers
// Lock: the node's list_lock may be taken and released
//@ state kernel
.set .Lcounters, 0x0                                        // new.counters, and parts of it
.set .Linuse, 0x0
.set .Lobjects, 0x2
.set .Lfrozen, 0x3                                          // bit 7
.set .Lfreelist, 0x8
.set .Lframe, 0x10
___slab_alloc:
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    sub rsp, .Lframe
    mov rbp, rdi                                            // s
    mov r14d, esi                                           // gfpflags
    mov r12, r8                                             // c
    mov r15d, edx                                           // node
    mov r13, qword ptr [r8 + SLUBCPU_page]                  // page
    test r13, r13
    je .Lnew_slab
.Lredo:
    cmp r15d, NUMA_NO_NODE                                  // node_match: any will do
    jne .Lunsupported
    mov rax, r13
    mov rdx, qword ptr [r13 + PAGE_next]                    // pfmemalloc_match: compound_head
    lea rcx, [rdx - COMPOUND_TAIL]
    test dl, COMPOUND_TAIL
    cmovne rax, rcx
    test byte ptr [rax + PAGE_flags], 0x40                  // PG_active: a slab from the emergency reserves
    jne .Lunsupported
    mov rax, qword ptr [r12 + SLUBCPU_freelist]             // an interrupt may have filled it
    test rax, rax
    jne .Lload_freelist

// get_freelist: take all objects that other cores have put back; without any the slab is let go, it is full.
.Lget_freelist:
    mov rax, qword ptr [r13 + PAGE_freelist]
    mov rdx, qword ptr [r13 + PAGE_inuse]                   // counters
    mov qword ptr [rsp + .Lcounters], rdx
    movzx ecx, word ptr [rsp + .Lobjects]
    and cx, 0x7fff
    mov word ptr [rsp + .Linuse], cx                        // all of them in use
    test rax, rax
    setne cl
    shl ecx, 0x7
    movzx esi, byte ptr [rsp + .Lfrozen]
    and esi, 0x7f
    or ecx, esi
    mov byte ptr [rsp + .Lfrozen], cl                       // frozen = freelist != NULL
    mov qword ptr [rsp + .Lfreelist], rax
    test dword ptr [rbp + SLUB_flags], __CMPXCHG_DOUBLE
    je .Lunsupported
    mov rcx, qword ptr [rsp + .Lcounters]
    xor ebx, ebx                                            // the page's own freelist is empty now
    lock cmpxchg16b xmmword ptr [r13 + PAGE_freelist]
    jne .Lget_freelist
    mov rax, qword ptr [rsp + .Lfreelist]
    test rax, rax
    jne .Lload_freelist
    mov qword ptr [r12 + SLUBCPU_page], 0x0

.Lnew_slab:
    mov r13, qword ptr [r12 + SLUBCPU_partial]
    test r13, r13
    je .Lnew_slab_objects
    mov qword ptr [r12 + SLUBCPU_page], r13
    mov rax, qword ptr [r13 + PAGE_next]
    mov qword ptr [r12 + SLUBCPU_partial], rax
    mov qword ptr [r12 + SLUBCPU_freelist], 0x0
    jmp .Lredo

// A slab from the node's list. Where that is empty, Linux goes to the page allocator; a list with slabs on it that refused
// (another core was just freeing into the first) is tried again.
.Lnew_slab_objects:
    mov rdi, rbp
    mov rsi, qword ptr [rbp + SLUB_node]
    mov rdx, r12
    mov ecx, r14d
    call get_partial_node
    test rax, rax
    jne .Lload_freelist
    mov rsi, qword ptr [rbp + SLUB_node]
    cmp qword ptr [rsi + SLUBNODE_nr_partial], 0x0
    je .Lallocate
    pause
    jmp .Lnew_slab_objects

.Lload_freelist:
    movsxd rcx, dword ptr [rbp + SLUB_offset]
    mov rcx, qword ptr [rax + rcx]
    mov qword ptr [r12 + SLUBCPU_freelist], rcx
    add qword ptr [r12 + SLUBCPU_tid], TID_STEP
.Lout:
    add rsp, .Lframe
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret
.Lallocate:
    mov rdi, rbp
    mov esi, r14d
    call new_slab
    jmp .Lout                                               // slab_out_of_memory: NULL
.Lunsupported:
    //@ event unsupported reg=rbp
    ud2                                                     // a slab of a kind that the guest does not make
