"""Litmus tests from critical cycles, in the manner of diy7: edges, cycles, the events they imply, the text of a test."""
