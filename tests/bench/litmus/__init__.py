"""An x86-TSO of its own, and sets of tests."""
