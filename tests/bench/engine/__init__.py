"""A small machine without a kernel."""
