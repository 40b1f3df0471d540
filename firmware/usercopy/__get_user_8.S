// get_user(x, ptr) for 8 bytes
// Source: Linux 4.8, arch/x86/lib/getuser.S, __get_user_8
// Entry: rax user address
// Exit:  rax 0, rdx the value; rax -EFAULT, rdx 0 for an address that is not the user's or not there
// Clobbers: rax rdx
// Lock: any
//@ state kernel
.set .LLAST_BYTE, 0x7
__get_user_8:
    add rax, .LLAST_BYTE
    jc .Lbad
    mov rdx, qword ptr gs:[PERCPU_kernel_stack]
    cmp rax, qword ptr [rdx + TI_addr_limit - THREAD__size]
    jae .Lbad
    //@ fixup .Lbad
    mov rdx, qword ptr [rax - .LLAST_BYTE]
    xor eax, eax
    ret
.Lbad:
    xor edx, edx
    mov rax, -EFAULT
    ret
