// void mount_file_systems(void)
// Source: own; the arguments are those of mount(2)
// Entry: INIT_mounts: pairs of type and place, a zero behind the last
// Exit:  mounted is what this kernel has; what it has not is no error: a program that needs it will say so
// Clobbers: rax rcx rdx rsi rdi r8 r10 r11 r12
// Lock: none
//@ state user
mount_file_systems:
    mov r12d, INIT_mounts
.Lnext:
    mov rdi, qword ptr [r12]                                // source: by its type
    test rdi, rdi
    jz .Ldone
    mov rdx, rdi                                            // type
    mov rsi, qword ptr [r12 + 0x8]                          // place
    xor r10d, r10d                                          // flags
    xor r8d, r8d                                            // data
    mov eax, SYS_MOUNT
    syscall
    add r12, 0x10
    jmp .Lnext
.Ldone:
    ret
