"""Scripts: operations of several tasks on queues, line by line, and what they give (docs/scripts.md)."""
