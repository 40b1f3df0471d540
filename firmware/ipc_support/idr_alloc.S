// int idr_alloc(struct idr *idr, void *ptr, int start, int end, gfp_t gfp_mask)
// Source: Linux 4.8, lib/idr.c, idr_alloc with end 0: idr_get_empty_slot, sub_alloc, idr_fill_slot, idr_mark_full; of a tree of
//         one layer, which is always there. That a second layer would be needed is the emulator's limit: the run ends
// Entry: rdi idr, rsi ptr, edx start
// Exit:  eax the lowest free id from start on
// Clobbers: rax rcx rdx r8 r9
// Lock: the caller's
//@ state kernel
.set .LWORD_IDS_LOG, 0x6                                    // ids to a word of the bitmap
.set .LWORDS, 0x4                                           // IDR_SIZE: 256 ids
idr_alloc:
    mov r8, qword ptr [rdi + IDR_top]                       // p
    mov ecx, edx
    or r9, -0x1
    shl r9, cl                                              // those of the first word that are not below start
    shr edx, .LWORD_IDS_LOG
.Lword:
    cmp edx, .LWORDS
    jae .Lfull
    mov rax, qword ptr [r8 + rdx*8 + IDRLAYER_bitmap]       // find_next_zero_bit
    not rax
    and rax, r9
    jne .Lfree
    or r9, -0x1
    inc edx
    jmp .Lword
.Lfull:
    //@ event out_of_ids reg=rdi
    ud2
.Lfree:
    bsf rax, rax
    shl edx, .LWORD_IDS_LOG
    add eax, edx                                            // id
    mov qword ptr [rdi + IDR_hint], r8
    mov qword ptr [r8 + rax*8 + IDRLAYER_ary], rsi
    inc dword ptr [r8 + IDRLAYER_count]
    bts qword ptr [r8 + IDRLAYER_bitmap], rax               // idr_mark_full: a full layer has none above to tell
    ret
