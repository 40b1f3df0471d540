// void *ipc_rcu_alloc(int size)
// Source: Linux 4.8, ipc/util.c, ipc_rcu_alloc with ipc_alloc; objects of more than a page, which vmalloc would give, there are none
// Entry: edi size
// Exit:  rax the object behind its struct ipc_rcu, with one reference; NULL if there is no memory
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
ipc_rcu_alloc:
    add edi, IPCRCU__size
    mov esi, GFP_KERNEL
    call __kmalloc
    test rax, rax
    je .Lout
    mov dword ptr [rax + IPCRCU_refcount], 0x1
    add rax, IPCRCU__size
.Lout:
    ret
