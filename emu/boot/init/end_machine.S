// void end_machine(int status)
// Source: own; m5_fail is gem5's (include/gem5/m5ops.h, include/gem5/asm/generic/m5ops.h); emu/boot/marks.py
// Entry: edi exit status
// Exit:  never: emu ends with that status; a machine that has no such instruction restarts
// Clobbers: all
// Lock: none
//@ state user
end_machine:
    mov ebx, edi
    mov edi, 0x1
    mov esi, TCSBRK
    mov edx, 0x1                                            // wait until everything has left the serial port
    mov eax, SYS_IOCTL
    syscall
    xor edi, edi                                            // delay
    mov esi, ebx
    .byte 0x0f, 0x04, 0x22, 0x00                            // m5_fail
    call restart
    ud2
