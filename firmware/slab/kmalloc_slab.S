// struct kmem_cache *kmalloc_slab(size_t size, gfp_t flags)
// Source: Linux 4.8, mm/slab_common.c, kmalloc_slab
// Entry: rdi size, esi flags
// Exit:  rax the cache for that size; 0x10 (ZERO_SIZE_PTR) for no bytes, NULL where the size has no cache
// Clobbers: rax rdi
// Lock: any
//@ state kernel
kmalloc_slab:
    cmp rdi, KMALLOC_MAX_SIZE
    ja .Ltoo_large
    cmp rdi, 0xc0
    ja .Lpower_of_two
    mov eax, ZERO_SIZE_PTR
    test rdi, rdi
    je .Lout
    dec rdi
    shr rdi, 0x3                                            // size_index_elem
    movsx eax, byte ptr [size_index + rdi]
    jmp .Lindexed
.Lpower_of_two:
    dec rdi
    bsr eax, edi
    inc eax                                                 // fls(size - 1)
.Lindexed:
    test sil, __GFP_DMA
    jne .Ltoo_large                                         // there is no such zone
    cdqe
    mov rax, qword ptr [kmalloc_caches + rax*8]
.Lout:
    ret
.Ltoo_large:
    xor eax, eax
    ret
