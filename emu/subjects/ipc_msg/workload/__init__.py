"""What the tasks of a run do: the ping-pong of pmsg-shared, tables of system calls, and where each task runs."""
