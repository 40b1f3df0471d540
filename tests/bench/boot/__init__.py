"""Small programs for the user space of a kernel."""
