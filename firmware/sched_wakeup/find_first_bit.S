// unsigned long find_first_bit(const unsigned long *addr, unsigned long size)
// Source: Linux 4.8, lib/find_bit.c, find_first_bit (13 instructions for a bit in the first word)
// Entry: rdi addr, rsi size in bits
// Exit:  rax number of the first set bit, size if there is none
// Clobbers: rcx rdx rdi
// Lock: any
//@ state scheduler
find_first_bit:
    test rsi, rsi
    jz .Lnone
    xor ecx, ecx                                            // bits before this word
.Lword:
    mov rdx, qword ptr [rdi]
    test rdx, rdx
    jnz .Lfound
    add rcx, 0x40
    add rdi, 0x8
    cmp rcx, rsi
    jb .Lword
.Lnone:
    mov rax, rsi
    ret
.Lfound:
    bsf rax, rdx
    add rax, rcx
    cmp rax, rsi
    cmova rax, rsi
    ret
