// asmlinkage long sys_exit(int error_code)
// Source: Linux 4.8, kernel/exit.c, sys_exit
// Entry: edi exit code, not reported to anybody: the task has no parent here
// Exit:  never
// Clobbers: all
// Lock: none held
//@ state kernel
sys_exit:
    and edi, 0xff
    shl edi, 0x8
    jmp do_exit
