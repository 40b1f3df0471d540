"""What is kept of a run beside its trace: which ways the branches of the guest went."""
