// asmlinkage long sys_ni_syscall(void)
// Source: Linux 4.8, kernel/sys_ni.c, sys_ni_syscall
// Entry: nothing
// Exit:  rax -ENOSYS
// Clobbers: none
// Lock: none held
//@ state kernel
sys_ni_syscall:
    mov rax, -ENOSYS
    ret
