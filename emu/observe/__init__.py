"""What is kept of a run while it runs: trace files. Observers see records only and cannot change a run."""
