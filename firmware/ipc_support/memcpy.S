// void *memcpy(void *dest, const void *src, size_t count)
// Source: Linux 4.8, arch/x86/lib/memcpy_64.S, memcpy, as patched for a CPU with fast string operations and without ERMS
// Entry: rdi dest, rsi src, rdx count
// Exit:  rax dest
// Clobbers: rcx, rdx, rsi, rdi
// Lock: any
//@ state kernel
memcpy:
    mov rax, rdi
    mov rcx, rdx
    shr rcx, 0x3
    and edx, 0x7
    rep movsq
    mov ecx, edx
    rep movsb
    ret
