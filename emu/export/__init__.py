"""Traces in the formats of other programs: a file a format, over one walk of the trace that holds little of it at a time."""
