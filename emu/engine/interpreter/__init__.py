"""The interpreter: what a core does for the commonest instructions by itself, on the registers of its Unicorn instance."""
