// #define sub_positive(_ptr, _val)
// Source: Linux 4.8, kernel/sched/fair.c, sub_positive: unsigned, and never below zero
// Entry: \at a memory operand with its size; \value, \result registers, \zero one that is 0
// Clobbers: \result, flags
// Lock: rq->lock is held
//@ inline sub_positive at value result zero
    mov \result, \at
    sub \result, \value
    cmovb \result, \zero
    mov \at, \result
