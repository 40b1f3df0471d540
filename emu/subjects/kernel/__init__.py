"""A kernel of the user's own in full detail: addresses and vectors of a region become states, locks, types and words."""
