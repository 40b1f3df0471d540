// put_user(x, ptr) for 8 bytes
// Source: Linux 4.8, arch/x86/lib/putuser.S, __put_user_8
// Entry: rax the value, rcx user address
// Exit:  rax 0, or -EFAULT for an address that is not the user's, not there or read-only
// Clobbers: rax rbx
// Lock: any
//@ state kernel
__put_user_8:
    mov rbx, qword ptr gs:[PERCPU_kernel_stack]
    mov rbx, qword ptr [rbx + TI_addr_limit - THREAD__size]
    sub rbx, 0x7                                            // the last byte, too, must be below
    cmp rcx, rbx
    jae .Lbad
    //@ fixup .Lbad
    mov qword ptr [rcx], rax
    xor eax, eax
    ret
.Lbad:
    mov rax, -EFAULT
    ret
