"""`emu replay STRING --gdb`: a debugger has the schedule of a kernel that was found to go wrong."""

from emu.boot.explore.explorer import Strategy
from emu.boot.looks import Looks
from emu.boot.run import Watchers
from emu.debug.boot_run import guest_names
from emu.debug.connection import reserve
from emu.debug.debugger import Left
from emu.debug.guest import Guest
from emu.debug.past import SchedulePast
from emu.debug.session import serve
from emu.debug.target import Target
from emu.explore.replay_string import Replay, Token
from emu.explore.strategy.records import REPLAY
from emu.subjects.kernel.explore.exploration import Exploration, Find, reopen


def debug_replay(text: str, found: Replay, port: int, watchers: Watchers) -> tuple[Find | None, Left]:
    """Let a debugger have it; the find, once it has detached: a schedule is short, so it is made again for that."""
    listener = reserve(port)
    try:
        exploration = reopen(found, watchers)
        names = guest_names(exploration.kernel, exploration.spec.symbols)
        target = schedule_target(exploration, found.tokens)
        left = serve(target, Guest(target, names), listener, watchers.should_stop, watchers.announce)
    finally:
        listener.close()
    return exploration.shown(0, found.tokens, text) if left == Left.DETACHED else None, left


def schedule_target(exploration: Exploration, tokens: tuple[Token, ...]) -> Target:
    """A schedule of a region under a debugger, at its beginning; memory is as each core sees it, behind its store buffer."""
    explorer, session = exploration.explorer, exploration.session
    looks = Looks(session.machine)
    limit = explorer.begin(0, Strategy(REPLAY), tokens)

    def begin() -> None:
        explorer.begin(0, Strategy(REPLAY), tokens)

    return Target(session, SchedulePast(session, begin), looks, limit, explorer.gear.see)
