"""How long the path through a kernel is, from a trace: system calls, what is held under which lock, what stands apart."""
