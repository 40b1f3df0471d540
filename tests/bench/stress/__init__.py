"""Faults put into the memory layer."""
