"""How long the message path is, from a trace, beside the real kernel's (docs/path.md)."""
