// long syscall_ret(unsigned long result)
// Source: own, in the shape of a small C library: the kernel's result to the C convention
// Entry: rdi what the kernel returned
// Exit:  rax the result, or -1 with errno
// Clobbers: rcx
// Lock: none
//@ state user
syscall_ret:
    mov rax, rdi
    cmp rdi, -0x1000                                        // the last page of numbers is errors
    ja .Lerror
    ret
.Lerror:
    //@ event call_failed reg=rdi
    neg edi
    xor eax, eax
    mov rcx, qword ptr fs:[rax + UTLS_self]
    mov dword ptr [rcx + UTLS_errno_value], edi
    mov rax, -0x1
    ret
