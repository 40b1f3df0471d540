"""Two variants side by side over seeds: pairs of runs, their intervals, what moves the answer."""
