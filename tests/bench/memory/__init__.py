"""Sequences of accesses that tell the protocol's rows."""
