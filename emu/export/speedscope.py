"""The JSON of speedscope: frames, and a profile of stacks with weights."""

import json
from collections import Counter
from typing import BinaryIO

from emu.export.stacks import Stack
from emu.trace.header import TraceHeader

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def write_speedscope(sums: Counter[Stack], file: BinaryIO, header: TraceHeader, unit: str) -> None:
    """One profile; its samples are the stacks, each once, with all of its weight."""
    ordered = sorted(sums.items())
    frames = {name: number for number, name in enumerate(dict.fromkeys(name for stack, _ in ordered for name in stack))}
    profile = {
        "type": "sampled",
        "name": f"{unit} of {header.variant} on {header.machine}",
        "unit": "none",
        "startValue": 0,
        "endValue": sum(sums.values()),
        "samples": [[frames[name] for name in stack] for stack, _ in ordered],
        "weights": [weight for _, weight in ordered],
    }
    content = {
        "$schema": SCHEMA,
        "exporter": "emu",
        "name": f"emu {header.arguments}",
        "activeProfileIndex": 0,
        "shared": {"frames": [{"name": name} for name in frames]},
        "profiles": [profile],
    }
    file.write(json.dumps(content, indent=1).encode() + b"\n")
