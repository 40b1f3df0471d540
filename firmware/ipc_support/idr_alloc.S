// int idr_alloc(struct idr *idr, void *ptr, int start, int end, gfp_t gfp_mask)
// Source: Linux 4.8, lib/idr.c, idr_alloc with start and end 0: idr_get_empty_slot, sub_alloc, idr_fill_slot, idr_mark_full;
//         of a tree of one layer, which is always there: the 257th id is refused
// Entry: rdi idr, rsi ptr
// Exit:  eax the lowest free id, -ENOSPC if there is none
// Clobbers: rax rcx rdx
// Lock: the caller's
//@ state kernel
.set .LWORD, 0x8
.set .LBITMAP_BYTES, 0x20                                    // IDR_SIZE: 256 ids
idr_alloc:
    mov rdx, qword ptr [rdi + IDR_top]                      // p
    xor ecx, ecx
.Lword:
    mov rax, qword ptr [rdx + rcx + IDRLAYER_bitmap]        // find_next_zero_bit
    not rax
    bsf rax, rax
    jne .Lfree
    add ecx, .LWORD
    cmp ecx, .LBITMAP_BYTES
    jne .Lword
    mov eax, -0x1c                                          // -ENOSPC
    ret
.Lfree:
    shl ecx, 0x3
    add eax, ecx                                            // id
    mov qword ptr [rdi + IDR_hint], rdx
    mov qword ptr [rdx + rax*8 + IDRLAYER_ary], rsi
    inc dword ptr [rdx + IDRLAYER_count]
    bts qword ptr [rdx + IDRLAYER_bitmap], rax              // idr_mark_full: a full layer has none above to tell
    ret
