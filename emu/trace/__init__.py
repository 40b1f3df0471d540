"""Traces: their records, the file, what a selection leaves of one, and two beside each other. They know no machine."""
