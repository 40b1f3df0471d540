// asmlinkage long sys_exit(int error_code)
// Source: Linux 4.8, kernel/exit.c, sys_exit and the end of do_exit: the task leaves the machine for good
// Entry: edi exit code (not reported to anybody: the task has no parent here)
// Exit:  never
// Clobbers: all
// Lock: none held
//@ state kernel
sys_exit:
    //@ event task_exit
    mov rbx, qword ptr gs:[PERCPU_current]
    mov dword ptr [rbx + TASK_exit_state], 0x10             // EXIT_DEAD: nobody will wait for it
    or dword ptr [rbx + TASK_flags], 0x4                    // PF_EXITING
    mov qword ptr [rbx + TASK_state], 0x40                  // TASK_DEAD: schedule takes it off its queue
    call schedule
    //@ event unsupported
    ud2                                                     // a dead task was scheduled
