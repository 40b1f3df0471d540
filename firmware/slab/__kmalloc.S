// void *__kmalloc(size_t size, gfp_t flags)
// Source: Linux 4.8, mm/slub.c, __kmalloc with slab_alloc_node and __slab_alloc
// Entry: rdi size, esi flags; may sleep if they say so
// Exit:  rax the object, NULL if new_slab gives no memory
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
.set .Lreturn_address, 0x20                                 // above the four saved registers
__kmalloc:
    cmp rdi, KMALLOC_MAX_CACHE_SIZE
    ja .Llarge
    push r13
    push r12
    push rbp
    push rbx
    mov ebp, esi                                            // gfpflags
    call kmalloc_slab
    mov r12, rax                                            // s
    cmp rax, ZERO_SIZE_PTR
    jbe .Lno_cache
    and ebp, dword ptr [gfp_allowed_mask]
    test ebp, __GFP_DIRECT_RECLAIM                          // we may sleep
    je .Lredo
    call _cond_resched

// The fast path: the first of this core's free objects, by a cmpxchg16b that needs no lock prefix, as no other core comes here.
.Lredo:
    mov rsi, qword ptr [r12 + SLUB_cpu_slab]
    mov rdx, qword ptr gs:[rsi + SLUBCPU_tid]
    mov r8, qword ptr gs:[PERCPU_this_cpu_off]
    add r8, rsi                                             // c
    mov r13, qword ptr [r8 + SLUBCPU_freelist]              // object
    mov rax, qword ptr [r8 + SLUBCPU_page]
    test r13, r13
    je .Lslow
    test rax, rax                                           // node_match: any node will do
    je .Lslow
    movsxd rax, dword ptr [r12 + SLUB_offset]
    mov rbx, qword ptr [r13 + rax]                          // next_object
    lea rcx, [rdx + TID_STEP]                               // next_tid
    mov rax, r13
    cmpxchg16b xmmword ptr gs:[rsi]
    jne .Lredo                                              // an interrupt allocated in between
    movsxd rax, dword ptr [r12 + SLUB_offset]
    prefetcht0 byte ptr [rbx + rax]                         // its free pointer is the next we need
.Lhave_object:
    test ebp, __GFP_ZERO
    jne .Lzero
.Lout:
    mov rax, r13
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret

.Lslow:
    pushfq
    pop rbx
    cli
    mov rdi, r12
    mov esi, ebp
    mov edx, NUMA_NO_NODE
    mov rcx, qword ptr [rsp + .Lreturn_address]             // addr: for statistics
    call ___slab_alloc                                      // r8: c
    mov r13, rax
    push rbx
    popfq
    jmp .Lhave_object
.Lno_cache:
    mov r13, rax
    jmp .Lout

.Lzero:
    test r13, r13
    je .Lout
    mov rdi, r13
    mov ecx, dword ptr [r12 + SLUB_object_size]
    xor eax, eax
    rep stosb
    jmp .Lout
.Llarge:
    //@ event unsupported reg=rdi
    ud2                                                     // kmalloc_large: nobody here asks for so much
