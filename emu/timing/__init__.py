"""What instructions cost, from published tables, and which branches are predicted."""
