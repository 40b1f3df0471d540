"""Why a run does not come to its end: one diagnosis, one file for each kind, and what every task was doing."""
