// void books(void)
// Source: own; the names of the files are in proc(5)
// Entry: rsp argument count, arguments: a program and what it is told
// Exit:  never: that program has run between work_begin and work_end, the guest's own books of before and after are printed; its status
// Clobbers: all
// Lock: none
//@ state user
books:
    lea r12, [rsp + 0x10]                                   // the program's arguments, its name first
    mov r14d, pages
    mov r13d, books_before
    call .Lread
    xor edi, edi
    xor esi, esi
    .byte 0x0f, 0x04, 0x5a, 0x00                            // work_begin
    mov eax, SYS_FORK
    syscall
    test eax, eax
    js .Lfailed
    jz .Lchild
    mov edi, eax
    mov esi, status
    xor edx, edx
    xor r10d, r10d
    mov eax, SYS_WAIT4
    syscall
    xor edi, edi
    xor esi, esi
    .byte 0x0f, 0x04, 0x5b, 0x00                            // work_end
    mov r13d, books_after
    call .Lread
    mov r13d, pages
.Lprint:
    mov edi, 0x1
    mov esi, r13d
    mov edx, r14d
    sub edx, r13d
    jz .Lprinted
    mov eax, SYS_WRITE
    syscall
    test eax, eax
    js .Lfailed
    add r13d, eax
    jmp .Lprint
.Lprinted:
    movzx edi, byte ptr [status + 0x1]                      // WEXITSTATUS
    jmp .Lexit
.Lchild:
    mov rdi, qword ptr [r12]
    mov rsi, r12
    xor edx, edx
    mov eax, SYS_EXECVE
    syscall
.Lfailed:
    mov edi, 0x1
.Lexit:
    mov eax, SYS_EXIT_GROUP
    syscall
    ud2
.Lread:                                                     // every book of the list at r13 that this kernel has, behind r14
    mov rax, qword ptr [heading]
    mov qword ptr [r14], rax
    add r14, 0x8
.Lbook:
    mov rdi, qword ptr [r13]
    test rdi, rdi
    jz .Lread_all
    add r13, 0x8
    cmp rdi, 0x1
    je .Lsleep
    xor esi, esi                                            // O_RDONLY
    mov eax, SYS_OPEN
    syscall
    test eax, eax
    js .Lbook
    mov ebx, eax
.Lmore:
    mov edi, ebx
    mov rsi, r14
    mov edx, 0x1000
    xor eax, eax                                            // SYS_READ
    syscall
    test eax, eax
    jle .Lbook
    add r14, rax
    jmp .Lmore
.Lsleep:                                                    // then this task's time until now is in its kernel's books
    mov edi, nap
    xor esi, esi
    mov eax, SYS_NANOSLEEP
    syscall
    jmp .Lbook
.Lread_all:
    ret
