// #define DATALEN_MSG, DATALEN_SEG
// Source: Linux 4.8, ipc/msgutil.c: what a page leaves for the text
// Entry: none: it gives names to numbers
// Clobbers: none
// Lock: any
//@ inline datalen
.set DATALEN_MSG, PAGE_SIZE - MSG__size                     // text in the message itself
.set DATALEN_SEG, PAGE_SIZE - MSGSEG__size                  // and in each segment after it
