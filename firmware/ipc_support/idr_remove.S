// void idr_remove(struct idr *idp, int id)
// Source: Linux 4.8, lib/idr.c, idr_remove with sub_remove, of a tree of one layer; an empty layer stays, where Linux frees it;
//         the warning about an id that is not there is left out
// Entry: rdi idp, esi id
// Exit:  the id is free
// Clobbers: rax rsi
// Lock: the caller's
//@ state kernel
idr_remove:
    mov rax, qword ptr [rdi + IDR_top]
    mov esi, esi
    btr qword ptr [rax + IDRLAYER_bitmap], rsi
    mov qword ptr [rax + rsi*8 + IDRLAYER_ary], 0x0
    dec dword ptr [rax + IDRLAYER_count]
    ret
