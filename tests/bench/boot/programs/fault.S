// void fault(void)
// Source: own
// Entry: nothing
// Exit:  never: killed by SIGSEGV
// Clobbers: all
// Lock: none
//@ state user
fault:
    xor eax, eax
    mov dword ptr [rax], 0x1
    ud2
