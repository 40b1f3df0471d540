// void *idr_find_slowpath(struct idr *idp, int id)
// Source: Linux 4.8, lib/idr.c, idr_find_slowpath with idr_max; its two BUG_ONs are left out
// Entry: rdi idp, esi id
// Exit:  rax what the id stands for, NULL if nothing
// Clobbers: rax rcx rdx r8
// Lock: rcu_read_lock is held (nothing, without CONFIG_PREEMPT_RCU)
//@ state kernel
.set .LIDR_BITS, 0x8
.set .LIDR_BITS_LOG, 0x3
.set .LIDR_MASK, 0xff
.set .LMAX_IDR_SHIFT, 0x1f
idr_find_slowpath:
    xor eax, eax
    test esi, esi
    js .Lout
    mov rdx, qword ptr [rdi + IDR_top]                      // p
    test rdx, rdx
    je .Lout
    mov ecx, dword ptr [rdx + IDRLAYER_layer]
    inc ecx
    shl ecx, .LIDR_BITS_LOG                                 // n: bits of an id that the tree tells apart
    mov r8d, ecx
    mov edi, .LMAX_IDR_SHIFT
    cmp ecx, edi
    cmovg ecx, edi
    mov edi, 0x1
    shl edi, cl
    dec edi                                                 // idr_max
    cmp esi, edi
    jg .Lout
    mov rax, rdx
.Llayer:
    sub r8d, .LIDR_BITS
    mov ecx, r8d
    mov edx, esi
    sar edx, cl
    and edx, .LIDR_MASK
    mov rax, qword ptr [rax + rdx*8 + IDRLAYER_ary]
    test r8d, r8d
    je .Lout
    test rax, rax
    jne .Llayer
.Lout:
    ret
