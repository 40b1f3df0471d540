"""A random tester of the memory layer: operations of many cores against an independent x86-TSO oracle."""
