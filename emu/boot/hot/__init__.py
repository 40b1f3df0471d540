"""The boot machine's compiled parts: cores as records, page walks, exceptions, the round robin."""
