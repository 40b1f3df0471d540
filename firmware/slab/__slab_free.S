// static void __slab_free(struct kmem_cache *s, struct page *page, void *head, void *tail, int cnt, unsigned long addr)
// Source: Linux 4.8, mm/slub.c, __slab_free
// Entry: rdi s, rsi page, another core's or nobody's, rdx head and rcx tail of the list of objects, r8d their number, r9 addr
// Exit:  the objects are on the page's free list; a slab that was full until now is one of this core's partial slabs
// Clobbers: caller-saved registers
// Lock: the node's list_lock may be taken and released
//@ state kernel
.set .LDEBUG_FLAGS, 0x210d00                                // SLAB_DEBUG_FLAGS
.set .Lcounters, 0x0                                        // new.counters, and parts of it
.set .Linuse, 0x0
.set .Lfrozen, 0x3                                          // bit 7
.set .Lcnt, 0x8
.set .Lwas_frozen, 0xc
.set .Lflags, 0x10
.set .Lframe, 0x18
__slab_free:
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    sub rsp, .Lframe
    mov rbp, rdi                                            // s
    mov r12, rsi                                            // page
    mov r13, rdx                                            // head
    mov r14, rcx                                            // tail
    mov dword ptr [rsp + .Lcnt], r8d
    test dword ptr [rdi + SLUB_flags], .LDEBUG_FLAGS
    jne .Lunsupported
    xor r15d, r15d                                          // n: its list is not locked
.Lredo:
    test r15, r15
    jne .Lunlock_first
.Lunlocked:
    mov rax, qword ptr [r12 + PAGE_freelist]                // prior
    mov rdx, qword ptr [r12 + PAGE_inuse]                   // counters
    movsxd rcx, dword ptr [rbp + SLUB_offset]
    mov qword ptr [r14 + rcx], rax
    mov qword ptr [rsp + .Lcounters], rdx
    movzx esi, byte ptr [rsp + .Lfrozen]
    shr sil, 0x7
    mov dword ptr [rsp + .Lwas_frozen], esi
    movzx ecx, word ptr [rsp + .Lcounters]
    sub ecx, dword ptr [rsp + .Lcnt]
    mov word ptr [rsp + .Linuse], cx
    test cx, cx
    sete cl
    test rax, rax
    sete dil
    or cl, dil                                              // the slab gets empty, or it was full
    je .Lexchange
    test esi, esi
    je .Lchanges_lists
.Lexchange:
    test dword ptr [rbp + SLUB_flags], __CMPXCHG_DOUBLE
    je .Lunsupported
    mov rbx, r13
    mov rcx, qword ptr [rsp + .Lcounters]
    lock cmpxchg16b xmmword ptr [r12 + PAGE_freelist]
    jne .Lredo
    test r15, r15
    jne .Llist_locked
    cmp dword ptr [rsp + .Lwas_frozen], 0x0
    jne .Lout                                               // the usual case: its core will find the object
    cmp byte ptr [rsp + .Lfrozen], 0x0
    js .Lto_partial
.Lout:
    add rsp, .Lframe
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret

.Lto_partial:
    mov rdi, rbp
    mov rsi, r12
    mov edx, 0x1                                            // drain
    call put_cpu_partial
    jmp .Lout

// A full slab was on no list: freeze it for this core. One that gets empty may have to leave the node's list.
.Lchanges_lists:
    test dil, dil
    je .Llock_list
    or byte ptr [rsp + .Lfrozen], 0x80
    jmp .Lexchange
.Llock_list:
    mov rbx, rax                                            // prior
    mov r15, qword ptr [rbp + SLUB_node]
    mov rdi, r15                                            // list_lock is its first field
    call _raw_spin_lock_irqsave
    mov qword ptr [rsp + .Lflags], rax
    mov rax, rbx
    mov rdx, qword ptr [rsp + .Lcounters]
    mov ecx, dword ptr [rsp + .Lcnt]
    add dx, cx                                              // counters, as read
    jmp .Lexchange
.Lunlock_first:
    mov rdi, r15
    mov rsi, qword ptr [rsp + .Lflags]
    call _raw_spin_unlock_irqrestore
    xor r15d, r15d
    jmp .Lunlocked

// Nothing is left in use in it: many such slabs on the list would be given back.
.Llist_locked:
    cmp word ptr [rsp + .Linuse], 0x0
    jne .Lunlock_last
    mov rax, qword ptr [r15 + SLUBNODE_nr_partial]
    cmp rax, qword ptr [rbp + SLUB_min_partial]
    jae .Lunsupported                                       // discard_slab: there is no page allocator to give it to
.Lunlock_last:
    mov rdi, r15
    mov rsi, qword ptr [rsp + .Lflags]
    call _raw_spin_unlock_irqrestore
    jmp .Lout
.Lunsupported:
    //@ event unsupported reg=rbp
    ud2
