"""Litmus tests: read from text, assembled, run on real cores through every order of instructions and drains, judged."""
