// void spin_and_sleep(void)
// Source: own
// Entry: nothing
// Exit:  never: SPINS divisions, one after the other, and then a nap; status 0
// Clobbers: all
// Lock: none
//@ state user
spin_and_sleep:
    mov ecx, SPINS
    mov ebx, 0x7
.Lspin:
    mov rax, -0x1
    xor edx, edx
    div rbx
    or rbx, rax                                             // the next one waits for this one
    and ebx, 0x7
    dec ecx
    jnz .Lspin
    mov edi, nap
    xor esi, esi
    mov eax, SYS_NANOSLEEP
    syscall
    xor edi, edi
    mov eax, SYS_EXIT_GROUP
    syscall
    ud2
