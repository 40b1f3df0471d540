"""The full gear as flat records: `GEAR` (one) and `FULL` (one a core), beside the engine's records and those of the fast gear."""

import numpy as np

I64, I32, U64 = np.int64, np.int32, np.uint64
PAGE = 4096

# INSTRUCTION.special of a real kernel. Those with the trait SPECIAL stop the core in front of them; the others, with the trait
# GUEST, are carried out by Unicorn.
SP_CALL, SP_FLUSH, SP_TABLES, SP_IRET, SP_MSR, SP_ONCE, SP_RDPMC, SP_PAUSE = range(32, 40)
# CORE.stop beyond the engine's own
STOP_MSR, STOP_FAILED = 32, 33
# MACHINE.outcome beyond the engine's own
BOARD, INTERRUPT, CALL, MSR, SHUTDOWN, FAILED, UNKNOWN_ERROR = range(32, 39)
NO_EXCEPTION = -1

GEAR = np.dtype(
    [
        ("machine", I64),  # host address of the engine's MACHINE
        ("boot", I64),  # and of the fast gear's
        ("frames", I64),  # of RAM
        ("frame_slots", I64),  # host address of I64[frames]: of I32[4096], a record's number for each byte of a frame; 0: no code
        ("board_at", I64),  # when the next of the devices' events is: cycles
        ("ticks_base", I64),  # the devices' clock when the region began,
        ("megahertz", I64),  # and the cycles in a thousand of its ticks
        ("decode", I64),  # C function (core, pc): a record for the instruction there; its number, or 0
        ("find_linear", I64),  # C function (core, physical address): where the access of the instruction in flight is
        ("add_slots", I64),  # C function (core, frame): the frame has code
        ("line_moves", I64),  # host address of u32[lines]: how often each has come from another core
    ]
)
FULL = np.dtype(
    [
        ("gear", I64),
        ("core", I64),  # host address of the engine's CORE
        ("cpu", I64),  # and of the fast gear's
        ("text_page", I64),  # that the core is in; -1: none
        ("text_generation", I64),  # of the TLB when it came there
        ("stops", I64),  # host address of looks.STOPS; 0: there is no debugger
        ("fetched", I64),  # where Unicorn has been let come to an instruction, as its page was not known; -1: nowhere
        ("road_cycles", I64),  # what the page walks of the instruction in flight have taken
        ("linear", I64),  # what `find_linear` has found
        ("loaded_at", I64),  # physical address of the last load, 0: it was not of four bytes
        ("loaded", I64),  # and its value
        ("spins_on", I64),  # physical address of the odd number for which the core pauses, 0: it does not
        ("spins_since", I64),
        ("spins_from", I64),  # address of the pause
        ("odd", I64),  # that number
        ("exception", I64),  # that the instruction in flight has raised
        ("exception_code", I64),
        ("software", I64),  # by INT n
        ("error", I64),  # Unicorn's, that nobody expects
        # counts
        ("page_changes", I64),
        ("decodes", I64),
        ("crossings", I64),
        ("code_stores", I64),
        ("unordered", I64),  # accesses by a record without ORDERED: none
        ("exceptions", I64),
        ("page_faults", I64),
        ("road_reads", I64),
        ("forced_drains", I64),
    ]
)
