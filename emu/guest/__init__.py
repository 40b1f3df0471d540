"""What Linux is here: page tables, tasks, run queues, the message queue, the workload."""
