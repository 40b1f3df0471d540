// unsigned long _copy_from_user(void *to, const void __user *from, unsigned n)
// Source: Linux 4.8, arch/x86/lib/copy_user_64.S, _copy_from_user; of the copy routines the one for rep movs without ERMS
// Entry: rdi destination, rsi source, edx bytes; the source is the user's
// Exit:  eax bytes not copied: 0, or those from the first bad address on; they are zero at the destination
// Clobbers: rax rcx rdx rsi rdi
// Lock: any
//@ state kernel
_copy_from_user:
    mov rax, qword ptr gs:[PERCPU_kernel_stack]
    mov rcx, rsi
    add rcx, rdx                                            // end
    jc .Lbad
    cmp rcx, qword ptr [rax + TI_addr_limit - THREAD__size]
    ja .Lbad
    jmp copy_user_generic_string
.Lbad:
    mov ecx, edx
    xor eax, eax
    rep stosb                                               // the caller must not find what was there before
    mov eax, edx
    ret
