"""emu in the tests of others: a pytest fixture that runs, compares, explores and boots, and what a failing test leaves."""
