"""The hot path: flat records, hooks, the loop. The only user of Unicorn."""
