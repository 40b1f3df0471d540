"""Writing a file so that what was there before is lost only once the new one is whole."""

import os
from pathlib import Path


def write_whole(path: Path, text: str | bytes) -> None:
    """Write beside `path` (links resolved) and take its place; raises `OSError`, and leaves no partial file."""
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(text.encode() if isinstance(text, str) else text)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
