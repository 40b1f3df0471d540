"""What only the emulated machine runs: its start, the way into the kernel and out of it, interrupts between cores."""

from collections.abc import Iterator
from dataclasses import dataclass

from emu.calibrate.benchmark import Loop
from emu.calibrate.routine import CLOCK, Routine, function
from emu.guest.descriptors import KERNEL_CS, RESCHEDULE_VECTOR
from emu.guest.paging import APIC_VIRTUAL

GROUP = "system calls and interrupts"
SYSTEM_CALL = "system call round trip"
SENT, RECEIVED = 0, 8  # in the flags: when the handler began, how many have come
DELAY = 0x2000  # turns of a loop: longer than any core needs to be back where it waits
KERNEL_SS, USER_BASE = 0x18, 0x23
EOI, ICR, ICR_HIGH = 0xB0, 0x300, 0x310


@dataclass(frozen=True, slots=True)
class Interrupt:
    """An interrupt from one core to another: ticks from the command's retirement to the handler's first instruction."""

    name: str
    receiver: Routine
    sender: Routine
    interrupts: int


def interrupts() -> Iterator[Interrupt]:
    """To a core that runs, and to one that has halted."""
    yield Interrupt("interrupt to a running core", receive_running(), send(), 16)
    yield Interrupt("interrupt to a halted core", receive_halted(), send(), 16)


def system_call() -> Loop:
    """From user mode into a kernel that returns at once."""
    return Loop(SYSTEM_CALL, GROUP, _system_call(), operations=1, lengths=(32, 96), warm=32, native=False)


def start(core: int, stack: int, jobs: int, gdt: int, idt: int) -> Routine:
    """The first instructions of a core: descriptor tables from their images at `gdt` and `idt`, then its jobs."""
    return Routine(
        f"core_{core}",
        (
            f"mov rsp, {stack:#x}", f"mov rbx, {jobs:#x}",
            f"mov rax, {gdt:#x}", "lgdt [rax]", f"mov rax, {idt:#x}", "lidt [rax]",
            f"push {KERNEL_CS:#x}", "lea rax, [rip + .Lsegment]", "push rax", ".byte 0x48", "retf",
            ".Lsegment:", f"mov eax, {KERNEL_SS:#x}", "mov ss, eax",
            "jmp work",
        ),
    )  # fmt: skip


def work() -> Routine:
    """Run the jobs at rbx, five words each: routine, its three arguments, and its result; a zero ends them and halts the core."""
    return Routine(
        "work",
        (
            "mov rax, qword ptr [rbx]", "test rax, rax", "je .Ldone",
            "mov rdi, qword ptr [rbx + 0x8]", "mov rsi, qword ptr [rbx + 0x10]", "mov rdx, qword ptr [rbx + 0x18]",
            "call rax", "mov qword ptr [rbx + 0x20], rax", "add rbx, 0x28", "jmp work",
            ".Ldone:", "hlt",
        ),
    )  # fmt: skip


def handler() -> Routine:
    """The reschedule vector's, at its first instruction the clock; the receiver keeps nothing in rax and rdx."""
    return Routine(
        "interrupt_handler",
        (
            "rdtsc", "shl rdx, 0x20", "or rax, rdx", f"mov qword ptr [r12 + {SENT:#x}], rax",
            f"mov rax, {APIC_VIRTUAL:#x}", f"mov dword ptr [rax + {EOI:#x}], 0x0",
            f"inc qword ptr [r12 + {RECEIVED:#x}]", "iretq",
        ),
    )  # fmt: skip


def receive_running() -> Routine:
    """Wait for `iterations` interrupts in a loop."""
    return function(
        "receive_running",
        ("mov r12, rdx", "sti", ".Lwait:", "nop", f"cmp qword ptr [r12 + {RECEIVED:#x}], rsi", "jb .Lwait", "cli"),
    )


def receive_halted() -> Routine:
    """Wait for `iterations` interrupts in HLT."""
    return function(
        "receive_halted",
        (
            "mov r12, rdx",
            ".Lwait:", "cli", f"cmp qword ptr [r12 + {RECEIVED:#x}], rsi", "jae .Ldone", "sti", "hlt", "jmp .Lwait", ".Ldone:",
        ),
    )  # fmt: skip


def send() -> Routine:
    """Send `iterations` interrupts to the core whose number is in rdi, the next one when the last has been taken; sum of ticks."""
    return function(
        "send",
        (
            "mov r12, rdx", "shl edi, 0x18", "xor r8d, r8d", "xor r9d, r9d",
            ".Lnext:", f"mov ecx, {DELAY:#x}", ".Ldelay:", "dec ecx", "jne .Ldelay",
            f"mov rax, {APIC_VIRTUAL:#x}", f"mov dword ptr [rax + {ICR_HIGH:#x}], edi",
            f"mov dword ptr [rax + {ICR:#x}], {RESCHEDULE_VECTOR:#x}",
            "rdtsc", "shl rdx, 0x20", "or rax, rdx", "mov r10, rax", "inc r9",
            ".Lwait:", "pause", f"cmp qword ptr [r12 + {RECEIVED:#x}], r9", "jb .Lwait",
            f"mov rax, qword ptr [r12 + {SENT:#x}]", "sub rax, r10", "add r8, rax",
            "cmp r9, rsi", "jb .Lnext", "mov rax, r8",
        ),
    )  # fmt: skip


def user_loop() -> Routine:
    """User mode: r15 system calls, then the one that ends."""
    return Routine(
        "user_loop", ("xor eax, eax", ".Lagain:", "syscall", "dec r15", "jne .Lagain", "mov eax, 0x1", "syscall", "ud2")
    )  # fmt: skip


def _system_call() -> Routine:
    """Go to user mode; its system calls come to the entry below, which returns unless rax says that this was the last."""
    return function(
        "system_call",
        (
            "mov r15, rsi", "mov r13, rsp",
            "mov ecx, 0xc0000081", "xor eax, eax", f"mov edx, {USER_BASE << 16 | KERNEL_CS:#x}", "wrmsr",
            "mov ecx, 0xc0000082", "lea rax, [rip + .Lentry]", "mov rdx, rax", "shr rdx, 0x20", "wrmsr",
            "mov ecx, 0xc0000084", "mov eax, 0x47700", "xor edx, edx", "wrmsr",
            *CLOCK, "mov r14, rax",
            "mov rcx, rdi", "mov r11d, 0x2", ".byte 0x48", "sysret",
            ".Lentry:", "test eax, eax", "jne .Lback", ".byte 0x48", "sysret",
            ".Lback:", "mov rsp, r13", *CLOCK, "sub rax, r14",
        ),
    )  # fmt: skip
