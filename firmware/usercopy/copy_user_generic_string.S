// unsigned long copy_user_generic_string(void *to, const void *from, unsigned n)
// Source: Linux 4.8, arch/x86/lib/copy_user_64.S, copy_user_generic_string
// Entry: rdi destination, rsi source, edx bytes; both ranges are checked
// Exit:  eax 0
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
    mov al, byte ptr [rsi]
    mov byte ptr [rdi], al
    inc rsi
    inc rdi
    dec ecx
    jnz .Lalign
.Laligned:
    mov ecx, edx
    shr ecx, 0x3
    and edx, 0x7
    rep movsq
.Lbytes:
    mov ecx, edx
    rep movsb
    xor eax, eax
    ret
