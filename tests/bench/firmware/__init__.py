"""Kernel routines run by themselves."""
