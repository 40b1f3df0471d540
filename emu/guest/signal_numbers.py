"""Signals by number: arch/x86/include/uapi/asm/signal.h."""

SIGKILL, SIGUSR1, SIGUSR2 = 9, 10, 12
