"""What a strategy sees and keeps, as a flat record: `STRATEGY` (one).

An agent is what can go on by itself: a core's instructions, the drains of its store buffer, its interrupts; or a whole core where
somebody else decides about the rest. An event is what one agent does when it is chosen.
"""

import numpy as np

I64 = np.int64
AGENTS = 64  # at most
CHANGES = 16  # of priorities in one schedule, at most
STRATEGIES = ("random", "pct", "pos", "surw", "replay")
RANDOM, PCT, POS, SURW, REPLAY = range(len(STRATEGIES))
NOBODY = -1
UNKNOWN = -1  # no address

STRATEGY = np.dtype(
    [
        # what whoever explores says before each choice
        ("agents", I64),
        ("enabled", I64, (AGENTS,)),  # 1: it may go on
        ("address", I64, (AGENTS,)),  # of the event that it would do next; UNKNOWN
        ("writes", I64, (AGENTS,)),  # that event changes memory
        # what a search fixes
        ("kind", I64),
        ("seed", I64),
        ("depth", I64),  # of PCT: this many events in order make a bug
        ("stay_bits", I64),  # of RANDOM: an agent goes on for 2**stay_bits events on average
        ("fair_max", I64),  # an agent that could go on is passed over so often at most; 0: for ever
        ("events_expected", I64),  # in a schedule, as far as is known: where PCT may change priorities
        ("expected", I64, (AGENTS,)),  # and of each agent: SURW's weights
        ("tokens", I64),  # host address of i64[token_count, 2]: agents and how often each is chosen, for REPLAY
        ("token_count", I64),
        # what it keeps of a schedule
        ("random", I64),
        ("events", I64),  # chosen so far
        ("done", I64, (AGENTS,)),  # by agent
        ("passed_over", I64, (AGENTS,)),
        ("priority", I64, (AGENTS,)),
        ("change_at", I64, (CHANGES,)),  # events in front of which the agent that would go falls behind all others
        ("fallen", I64),  # agents of highest priority that have fallen behind all others as fairness wanted it
        ("current", I64),  # chosen last
        ("token", I64),
        ("token_done", I64),
        ("refused", I64),  # choices of a replay that were not to be had
    ]
)
