"""Sweeps: every combination of some axes, over seeds; how it scales, and where one curve crosses another."""
