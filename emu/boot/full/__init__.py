"""The full gear: a boot machine taken over by the engine, with time, caches, store buffers and accounts, from mark to mark."""
