// unsigned long copy_user_generic_string(void *to, const void *from, unsigned n)
// Source: Linux 4.8, arch/x86/lib/copy_user_64.S, copy_user_generic_string
// Entry: rdi destination, rsi source, edx bytes; both ranges are checked
// Exit:  eax bytes not copied: 0, or those from the first bad address on
// Clobbers: rax rcx rdx rsi rdi
// Lock: any
//@ state kernel
copy_user_generic_string:
    cmp edx, 0x8
    jb .Lbytes
    mov ecx, edi
    and ecx, 0x7                                            // bytes past the last 8-byte boundary
    jz .Laligned
    sub ecx, 0x8
    neg ecx                                                 // bytes up to the next one
    sub edx, ecx
.Lalign:
    //@ fixup .Lbad_align
    mov al, byte ptr [rsi]
    //@ fixup .Lbad_align
    mov byte ptr [rdi], al
    inc rsi
    inc rdi
    dec ecx
    jnz .Lalign
.Laligned:
    mov ecx, edx
    shr ecx, 0x3
    and edx, 0x7
    //@ fixup .Lbad_words
    rep movsq
.Lbytes:
    mov ecx, edx
    //@ fixup .Lbad_bytes
    rep movsb
    xor eax, eax
    ret

// Where a page fault comes out, with the registers as at the fault: the rest is tried byte by byte.
.Lbad_align:
    add edx, ecx                                            // to the boundary, and behind it
    jmp copy_user_handle_tail
.Lbad_words:
    lea ecx, [rdx + rcx*8]                                  // words left, and the bytes behind them
.Lbad_bytes:
    mov edx, ecx
    jmp copy_user_handle_tail
