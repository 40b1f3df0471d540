"""Devices, one a file, each after its published document. They know a clock, and whom to tell of an interrupt; no core."""
