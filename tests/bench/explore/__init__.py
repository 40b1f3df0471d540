"""Small programs, locks and hand-offs to explore."""
