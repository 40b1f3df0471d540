"""A plain Unicorn machine."""
