"""The host's message queues, and a model of them."""
