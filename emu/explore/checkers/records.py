"""What the checkers know of a guest, and what one has seen, as a flat record: `CHECKS` (one)."""

import numpy as np

I64 = np.int64
NOTHING, LEFT_FRAME, USE_AFTER_FREE, DOUBLE_FREE = range(4)
PAGE_SHIFT = 12

CHECKS = np.dtype(
    [
        # what was seen, the first of a schedule
        ("flag", I64),
        ("core", I64),
        ("task", I64),
        ("pc", I64),
        ("address", I64),
        ("size", I64),
        ("other", I64),  # of a stack: its task
        # stacks of tasks
        ("stacks", I64),  # host address of STACK[stack_count]; 0 of them: nobody asks
        ("stack_count", I64),
        ("stack_of_page", I64),  # i16[pages]: whose stack a page belongs to, -1: nobody's
        ("direct_map", I64),  # virtual address of physical 0
        # objects of the guest's allocator
        ("slabs", I64),  # host address of OBJECTS[slab_count]; 0 of them: nobody asks
        ("slab_count", I64),
        ("slab_of_page", I64),  # i16[pages], -1: none
        ("free_mark", I64),  # the event of an object that is freed; any other is one that is allocated
        ("allocator", I64),  # RANGE[allocator_count]: its routines, which may touch what is free
        ("allocator_count", I64),
        # a lock that is searched
        ("counter", I64),  # physical address of the counter that each section adds to; 0: nobody asks
        ("lock", I64, (2,)),  # where the lock lies, and where the routine that takes it does: begin and end
        ("acquire", I64, (2,)),
        ("notes", I64),  # physical address of i64[1 + cores], in RAM that the guest does not have
        ("overtaken", I64),  # most others that have gone before a core that had asked
    ]
)
STACK = np.dtype(
    [
        ("begins", I64),  # physical, behind what lies at its bottom and is not a frame
        ("ends", I64),
        ("task", I64),
        ("saved_at", I64),  # physical address of the stack pointer of the task while it does not run
    ]
)
OBJECTS = np.dtype(
    [
        ("begins", I64),  # physical address of the first object of a slab
        ("size", I64),  # of an object
        ("count", I64),
        ("states", I64),  # physical address of a byte an object, in RAM that the guest does not have: 1 is free
    ]
)
RANGE = np.dtype([("begins", I64), ("ends", I64)])
