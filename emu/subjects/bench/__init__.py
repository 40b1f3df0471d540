"""A lock of the user's own, in one assembly file, measured on N cores: the second subject.

The file has the labels `acquire` and `release`, and may have `acquire_shared` and `release_shared` (docs/bench.md). A harness of
ours calls them: think, acquire, a critical section, release, again. No operating system runs; every core is in ring 0, without
paging.
"""
