// void kfree(const void *x)
// Source: Linux 4.8, mm/slub.c, kfree with virt_to_head_page, slab_free and do_slab_free
// Entry: rdi x, NULL allowed
// Exit:  the object is free
// Clobbers: caller-saved registers
// Lock: the node's list_lock may be taken and released
//@ state kernel
.set .LPAGE_OFFSET_TO_TEXT, 0x77ff80000000                  // __START_KERNEL_map - PAGE_OFFSET
kfree:
    cmp rdi, ZERO_SIZE_PTR
    jbe .Lout

// virt_to_head_page: an address of the kernel image carries out of the addition, one of the direct map does not.
    mov edx, 0x80000000
    mov rax, .LPAGE_OFFSET_TO_TEXT
    add rdx, rdi
    cmovc rax, qword ptr [phys_base]
    add rax, rdx
    shr rax, 0xc                                            // page frame number
    shl rax, 0x6                                            // struct page: 0x40 bytes
    add rax, qword ptr [vmemmap_base]
    mov rdx, qword ptr [rax + PAGE_next]                    // compound_head
    lea rcx, [rdx - COMPOUND_TAIL]
    test dl, COMPOUND_TAIL
    cmovne rax, rcx
    mov rsi, rax                                            // page
    mov rdx, qword ptr [rax + PAGE_next]                    // PageSlab looks for the head once more
    lea rcx, [rdx - COMPOUND_TAIL]
    test dl, COMPOUND_TAIL
    cmovne rax, rcx
    mov rax, qword ptr [rax + PAGE_flags]
    test al, al                                             // PG_slab is bit 7
    jns .Llarge
    mov r9, qword ptr [rsp]                                 // addr: for statistics
    mov r10, qword ptr [rsi + PAGE_slab_cache]              // s
.Lredo:
    mov r8, qword ptr [r10 + SLUB_cpu_slab]
    mov rdx, qword ptr gs:[r8 + SLUBCPU_tid]
    mov rcx, qword ptr gs:[PERCPU_this_cpu_off]
    add rcx, r8                                             // c
    cmp rsi, qword ptr [rcx + SLUBCPU_page]
    jne .Lremote

// The slab that this core allocates from: put the object first on this core's list.
    mov rax, qword ptr [rcx + SLUBCPU_freelist]
    movsxd r11, dword ptr [r10 + SLUB_offset]
    mov qword ptr [rdi + r11], rax
    push rbx
    mov rbx, rdi
    lea rcx, [rdx + TID_STEP]                               // next_tid
    cmpxchg16b xmmword ptr gs:[r8]
    pop rbx
    jne .Lredo                                              // an interrupt freed in between
.Lout:
    ret
.Lremote:
    mov rdx, rdi                                            // head
    mov rcx, rdi                                            // tail
    mov rdi, r10                                            // s
    mov r8d, 0x1                                            // cnt
    call __slab_free
    ret
.Llarge:
    //@ event unsupported reg=rdi
    ud2                                                     // not from a slab
