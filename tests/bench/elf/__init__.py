"""ELF files, bzImages and kallsyms made for a test, and the real kernels that lie beside the checkout."""
