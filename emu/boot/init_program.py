"""/init of an initramfs that emu makes: mounts, runs one program, hands its exit status out. The sources are in init/."""

from collections.abc import Mapping, Sequence

from emu.boot.user_program import INIT_FOLDER, Data, assemble_program

MOUNTS = (("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev"))
ENVIRONMENT_ROOM = 40  # variables that the kernel hands to process 1: MAX_INIT_ENVS of init/main.c is 32
SIGACTION_BYTES = 32
PATH = "/bin:/sbin:/usr/bin:/usr/sbin"


def init_program(path: str, arguments: Sequence[str], environment: Mapping[str, str]) -> bytes:
    """An ELF file that runs `path` with arguments, its own name the first of them, and with variables beside the kernel's."""
    data = Data()
    data.text(path, "INIT_path")
    _strings(data, arguments, "INIT_arguments")
    variables = [f"{name}={value}" for name, value in {"PATH": PATH, **environment}.items()]
    _strings(data, variables, "INIT_environment", room=ENVIRONMENT_ROOM)
    data.words([*(data.text(word) for mount in MOUNTS for word in mount), 0], "INIT_mounts")
    data.add(bytes(SIGACTION_BYTES), "INIT_sigaction")
    data.text(f"emu: init: cannot run {path}: error ", "INIT_cannot_execute")
    data.text("emu: init: cannot make a process: error ", "INIT_cannot_fork")
    sources = sorted(INIT_FOLDER.glob("*.S"), key=lambda source: (source.stem != "start", source.stem))
    return assemble_program(sources, data, {"INIT_ENVIRONMENT_ROOM": ENVIRONMENT_ROOM})


def _strings(data: Data, strings: Sequence[str], name: str, room: int = 0) -> None:
    """An array of pointers to strings, a zero behind the last, and room for more before another."""
    data.words([*(data.text(each) for each in strings), 0, *[0] * room], name)
