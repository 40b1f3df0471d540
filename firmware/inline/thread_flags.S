// current_set_polling, current_clr_polling: the byte that they change
// Source: Linux 4.8, arch/x86/include/asm/bitops.h: a bit known to the compiler is set and cleared in its byte
// Entry: none: it gives names to numbers
// Clobbers: none
// Lock: any
//@ inline thread_flags
.set TI_POLLING_BYTE, 0x2                                   // of TI_flags, as _TIF_POLLING_NRFLAG is bit 21
.set TIF_POLLING, _TIF_POLLING_NRFLAG >> 0x10               // in that byte
