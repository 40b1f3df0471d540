// unsigned long find_first_bit(const unsigned long *addr, unsigned long size)
// Source: Linux 4.8, lib/find_bit.c, find_first_bit (13 instructions for a bit in the first word)
// Entry: rdi addr, rsi size in bits
// Exit:  rax number of the first set bit, size if there is none
// Clobbers: rcx rdx
// Lock: any
//@ state scheduler
find_first_bit:
    test rsi, rsi
    jz .Lnone
    xor ecx, ecx                                            // word
.Lword:
    mov rdx, qword ptr [rdi + rcx*8]
    test rdx, rdx
    jnz .Lfound
    inc rcx
    mov rax, rcx
    shl rax, 0x6
    cmp rax, rsi
    jb .Lword
.Lnone:
    mov rax, rsi
    ret
.Lfound:
    bsf rax, rdx
    shl rcx, 0x6
    add rax, rcx
    cmp rax, rsi
    cmova rax, rsi                                          // a bit behind the end
    ret
