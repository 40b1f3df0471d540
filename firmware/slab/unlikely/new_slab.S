// static struct page *new_slab(struct kmem_cache *s, gfp_t flags, int node)
// Source: Linux 4.8, mm/slub.c, new_slab; of a machine whose caches have all the slabs that a workload needs from the start, and no
//         page allocator behind them. That they do not suffice is the emulator's limit and none of the kernel's errors: the run ends
// Entry: rdi s, esi flags
// Exit:  never
// Clobbers: nothing
// Lock: any
//@ state kernel
new_slab:
    //@ event out_of_slabs reg=rdi
    ud2
