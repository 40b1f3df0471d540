"""Compiled code of the exploring gear: hooks that see each access, store buffers, and who goes next."""
