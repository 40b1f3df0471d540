// static inline bool IS_ERR(const void *ptr)
// Source: Linux 4.8, include/linux/err.h, IS_ERR: one of the last MAX_ERRNO (4,095) addresses
// Entry: \pointer a register, \to where to go if it is an error
// Clobbers: flags
// Lock: any
//@ inline IS_ERR pointer to
    cmp \pointer, -0x1000
    ja \to
