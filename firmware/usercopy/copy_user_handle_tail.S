// unsigned long copy_user_handle_tail(char *to, char *from, unsigned len)
// Source: Linux 4.8, arch/x86/lib/usercopy_64.c, copy_user_handle_tail
// Entry: rdi destination, rsi source, edx bytes that a faulting copy has left, at least one
// Exit:  eax bytes that cannot be copied; they are zero if the destination is the kernel's
// Clobbers: rax rcx rdx rsi rdi
// Lock: any
//@ state kernel
copy_user_handle_tail:
    test edx, edx
    jz .Lstopped
.Lnext:
    //@ fixup .Lstopped
    mov cl, byte ptr [rsi]
    inc rsi
    //@ fixup .Lstopped
    mov byte ptr [rdi], cl
    inc rdi
    dec edx
    jnz .Lnext
.Lstopped:
    mov rax, qword ptr gs:[PERCPU_kernel_stack]
    cmp rdi, qword ptr [rax + TI_addr_limit - THREAD__size]
    jb .Lout                                                // the destination is the user's
    mov ecx, edx
    xor eax, eax
    rep stosb
.Lout:
    mov eax, edx
    ret
