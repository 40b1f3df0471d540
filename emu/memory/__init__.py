"""The memory system: MOESI as a table, caches, store buffers with values, and the one road to shared memory."""
