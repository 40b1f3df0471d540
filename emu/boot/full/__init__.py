"""The full gear: a running boot machine taken over by the engine, with time, caches, store buffers and accounts, from mark to mark."""
