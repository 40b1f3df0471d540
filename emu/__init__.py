"""emu: a deterministic, instruction-level emulator of a multicore x86-64 machine, for looking at kernel locking patches."""
