// struct rb_node *rb_next(const struct rb_node *node)
// Source: Linux 4.8, lib/rbtree.c, rb_next (12 instructions in a tree of one)
// Entry: rdi node
// Exit:  rax the node after it in order, or 0
// Clobbers: rdx rdi
// Lock: rq->lock held
//@ state scheduler
rb_next:
    mov rax, qword ptr [rdi + RB_parent_color]
    cmp rax, rdi
    je .Lnone                                               // in no tree
    mov rdx, qword ptr [rdi + RB_right]
    test rdx, rdx
    jz .Lup
.Ldown:
    mov rax, rdx
    mov rdx, qword ptr [rdx + RB_left]
    test rdx, rdx
    jnz .Ldown
    ret
.Lup:
    mov rax, qword ptr [rdi + RB_parent_color]
    and rax, -0x4                                           // parent, without the colour
    jz .Lout
    cmp qword ptr [rax + RB_right], rdi
    jne .Lout
    mov rdi, rax
    jmp .Lup
.Lnone:
    xor eax, eax
.Lout:
    ret
