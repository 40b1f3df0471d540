"""`emu replay STRING --gdb` of a find of a variant, or of a lock: a debugger has the schedule."""

from emu.boot.run import Watchers
from emu.debug.connection import reserve
from emu.debug.debugger import Left
from emu.debug.scene_guest import SceneGuest
from emu.debug.schedule import ScheduleTarget
from emu.debug.session import serve
from emu.run.explore_run import Reopened
from emu.run.hunt import Finding
from emu.schedules.recording import Recording


def debug_scene(reopened: Reopened, port: int, watchers: Watchers) -> Left:
    """Let a debugger have it until it leaves."""
    listener = reserve(port)
    try:
        found, hunt = reopened.replayed().finding, reopened.hunt
        with hunt.learned(), Recording(hunt.walker, reopened.tokens, reopened.beyond).listening() as recording:
            target = scene_target(reopened, recording, found)
            guest = SceneGuest(target, hunt.scene.image, hunt.scene.object_at)
            return serve(target, guest, listener, watchers.should_stop, watchers.announce)
    finally:
        listener.close()


def scene_target(reopened: Reopened, recording: Recording, found: Finding | None) -> ScheduleTarget:
    """A recorded schedule as a debugger has it; `found` is what comes of it."""
    scene = reopened.hunt.scene
    ending = "nothing goes wrong" if found is None else f"{found.checker}: {found.summary}"
    return ScheduleTarget(recording, scene.explorer.machine, scene.physical, ending)
