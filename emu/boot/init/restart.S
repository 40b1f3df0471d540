// void restart(void)
// Source: own; the arguments are those of reboot(2)
// Entry: nothing
// Exit:  never
// Clobbers: all
// Lock: none
//@ state user
restart:
    mov edi, LINUX_REBOOT_MAGIC1
    mov esi, LINUX_REBOOT_MAGIC2
    mov edx, LINUX_REBOOT_CMD_RESTART
    mov eax, SYS_REBOOT
    syscall
    ud2
