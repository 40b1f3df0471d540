// unsigned long __msecs_to_jiffies(const unsigned int m)
// Source: Linux 4.8, kernel/time/time.c, __msecs_to_jiffies, HZ 250 (6 instructions)
// Entry: edi milliseconds
// Exit:  rax jiffies, rounded up
// Clobbers: none else
// Lock: none
//@ state scheduler
    .set ROUND_UP, 0x3                                      // 4 ms a jiffy
__msecs_to_jiffies:
    test edi, edi
    js .Linfinite
    lea eax, [rdi + ROUND_UP]
    shr eax, 0x2
    ret
.Linfinite:
    mov rax, MAX_JIFFY_OFFSET
    ret
