"""Schedules of a region of a real kernel: searched, judged, made short, shown, and run again from a line of text."""
