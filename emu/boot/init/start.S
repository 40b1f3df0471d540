// void start(void)
// Source: own: process 1 of a guest whose initramfs emu has made
// Entry: rsp argument count, arguments, a zero, environment, a zero, as the System V ABI has them (AMD64 supplement, 3.4.1)
// Exit:  never: the machine ends with the exit status of the program
// Clobbers: all
// Lock: none
//@ state user
start:
    mov rbx, rsp
    call survive_other_machines
    call mount_file_systems
    mov rdi, rbx
    call add_environment
    call run_program
    mov edi, eax
    call end_machine
    ud2
