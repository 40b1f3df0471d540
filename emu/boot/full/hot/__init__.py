"""Compiled code of the full gear: what a real kernel needs beside the engine's step and the one road to memory."""
