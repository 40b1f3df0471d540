// unsigned long __msecs_to_jiffies(const unsigned int m)
// Source: Linux 4.8, kernel/time/time.c, __msecs_to_jiffies, HZ 250 (6 instructions)
// Entry: edi milliseconds
// Exit:  rax jiffies, rounded up
// Clobbers: none else
// Lock: none
//@ state scheduler
__msecs_to_jiffies:
    test edi, edi
    js .Linfinite
    lea eax, [rdi + MSECS_PER_JIFFY - 0x1]
    shr eax, 0x2
    ret
.Linfinite:
    mov rax, 0x3ffffffffffffffe                             // MAX_JIFFY_OFFSET
    ret
    .set MSECS_PER_JIFFY, 0x4
