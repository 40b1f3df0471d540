// unsigned long _copy_to_user(void __user *to, const void *from, unsigned n)
// Source: Linux 4.8, arch/x86/lib/copy_user_64.S, _copy_to_user; of the copy routines the one for rep movs without ERMS
// Entry: rdi destination, rsi source, edx bytes; the destination is the user's
// Exit:  eax bytes not copied: 0, or those from the first bad address on
// Clobbers: rax rcx rdx rsi rdi
// Lock: any
//@ state kernel
_copy_to_user:
    mov rax, qword ptr gs:[PERCPU_kernel_stack]
    mov rcx, rdi
    add rcx, rdx                                            // end
    jc .Lbad
    cmp rcx, qword ptr [rax + TI_addr_limit - THREAD__size]
    ja .Lbad
    jmp copy_user_generic_string
.Lbad:
    mov eax, edx
    ret
