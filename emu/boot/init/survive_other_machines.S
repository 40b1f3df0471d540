// void survive_other_machines(void)
// Source: own
// Entry: nothing
// Exit:  an instruction that the machine does not know restarts it: elsewhere than in emu, that which hands out the exit status
// Clobbers: rax rcx rdx rsi rdi r10 r11
// Lock: none
//@ state user
survive_other_machines:
    lea rax, [rip + restart]
    mov edx, INIT_sigaction
    mov qword ptr [rdx], rax                                // sa_handler
    mov qword ptr [rdx + 0x8], SA_RESTORER                  // sa_flags
    mov qword ptr [rdx + 0x10], rax                         // sa_restorer
    mov edi, SIGILL
    mov esi, INIT_sigaction
    xor edx, edx                                            // old action: not wanted
    mov r10d, 0x8                                           // bytes of a signal set
    mov eax, SYS_RT_SIGACTION
    syscall
    ret
