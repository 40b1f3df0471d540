"""Microbenchmarks that run on the emulated machine and on the machine under it: `emu calibrate`."""
