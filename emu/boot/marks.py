"""What a guest tells emu: gem5's m5ops, and how a program's exit status comes out.

An m5op is the two bytes 0f 04 and a 16-bit function number; its arguments are in RDI and RSI (gem5,
include/gem5/asm/generic/m5ops.h).
No processor carries the bytes out: they raise #UD, and emu looks at them before the kernel does.

How the machine ends, so that emu ends with the status of the program: our init waits for the program and carries out
`m5_fail`, RDI = 0 and RSI = the exit status (128 + the signal's number for one that a signal ended). A program that is
/init itself has no parent: its status is in the kernel's panic, "exitcode=0x00000700".
"""

M5OP = b"\x0f\x04"
M5_EXIT, M5_FAIL = 0x21, 0x22
M5_RESET_STATISTICS, M5_DUMP_STATISTICS, M5_DUMP_RESET_STATISTICS = 0x40, 0x41, 0x42
M5_CHECKPOINT = 0x43
M5_WORK_BEGIN, M5_WORK_END = 0x5A, 0x5B
