"""Schedules of a real kernel: from one moment again and again, with other cores held up at accesses to shared words each time."""
