"""A real kernel on our cores: loader, devices, the fast gear, marks, snapshots."""
