// unsigned long get_seconds(void)
// Source: Linux 4.8, kernel/time/timekeeping.c, get_seconds: one aligned load needs no sequence count
// Entry: nothing
// Exit:  rax wall clock in seconds
// Clobbers: rax
// Lock: any
//@ state kernel
get_seconds:
    mov rax, qword ptr [tk_core + TK_xtime_sec]
    ret
