"""Many independent runs: where each is carried out, what came of it, and what is kept of it."""
