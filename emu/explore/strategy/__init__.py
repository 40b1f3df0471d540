"""Strategies of exploration: which of the agents that may go on goes next. Each sees what every one of them would do."""
