// void rb_insert_color(struct rb_node *node, struct rb_root *root)
// Source: Linux 4.8, lib/rbtree.c, __rb_insert (5 instructions for a root)
// Entry: rdi node, red and linked in, rsi root
// Exit:  the tree is a red-black tree again
// Clobbers: caller-saved registers
// Lock: the owner's
//@ state scheduler
rb_insert_color:
.Lagain:
    mov rax, qword ptr [rdi + RB_parent_color]              // parent; node is red, so no bit is set
    test rax, rax
    jz .Lroot
    mov rdx, qword ptr [rax + RB_parent_color]
    test dl, 0x1
    jnz .Lout                                               // a black parent: done
    mov rcx, qword ptr [rdx + RB_right]                     // rdx: grandparent (the parent is red)
    cmp rcx, rax
    je .Lparent_right
// The parent is a left child.
    test rcx, rcx
    jz .Lleft_rotate
    test byte ptr [rcx + RB_parent_color], 0x1
    jz .Lflip                                               // a red uncle
.Lleft_rotate:
    mov rcx, qword ptr [rax + RB_right]
    cmp rcx, rdi
    jne .Lleft_outer
    mov rcx, qword ptr [rdi + RB_left]                      // an inner grandchild: rotate left at the parent
    mov qword ptr [rax + RB_right], rcx
    mov qword ptr [rdi + RB_left], rax
    test rcx, rcx
    jz .Lleft_inner
    lea r8, [rax + 0x1]
    mov qword ptr [rcx + RB_parent_color], r8
.Lleft_inner:
    mov qword ptr [rax + RB_parent_color], rdi              // red, below node
    mov rax, rdi
.Lleft_outer:
    mov rcx, qword ptr [rax + RB_right]
    mov qword ptr [rdx + RB_left], rcx                      // rotate right at the grandparent
    mov qword ptr [rax + RB_right], rdx
    test rcx, rcx
    jz .Lrotated
    lea r8, [rdx + 0x1]
    mov qword ptr [rcx + RB_parent_color], r8
    jmp .Lrotated
// The parent is a right child.
.Lparent_right:
    mov rcx, qword ptr [rdx + RB_left]
    test rcx, rcx
    jz .Lright_rotate
    test byte ptr [rcx + RB_parent_color], 0x1
    jz .Lflip
.Lright_rotate:
    mov rcx, qword ptr [rax + RB_left]
    cmp rcx, rdi
    jne .Lright_outer
    mov rcx, qword ptr [rdi + RB_right]                     // an inner grandchild: rotate right at the parent
    mov qword ptr [rax + RB_left], rcx
    mov qword ptr [rdi + RB_right], rax
    test rcx, rcx
    jz .Lright_inner
    lea r8, [rax + 0x1]
    mov qword ptr [rcx + RB_parent_color], r8
.Lright_inner:
    mov qword ptr [rax + RB_parent_color], rdi
    mov rax, rdi
.Lright_outer:
    mov rcx, qword ptr [rax + RB_left]
    mov qword ptr [rdx + RB_right], rcx                     // rotate left at the grandparent
    mov qword ptr [rax + RB_left], rdx
    test rcx, rcx
    jz .Lrotated
    lea r8, [rdx + 0x1]
    mov qword ptr [rcx + RB_parent_color], r8
// rax takes the grandparent's place and colour (black); the grandparent is its red child.
.Lrotated:
    mov r8, qword ptr [rdx + RB_parent_color]
    mov qword ptr [rax + RB_parent_color], r8
    mov qword ptr [rdx + RB_parent_color], rax
    and r8, 0xfffffffffffffffc
    jz .Lnew_root
    cmp qword ptr [r8 + RB_left], rdx
    je .Lwas_left
    mov qword ptr [r8 + RB_right], rax
    ret
.Lwas_left:
    mov qword ptr [r8 + RB_left], rax
    ret
.Lnew_root:
    mov qword ptr [rsi], rax
.Lout:
    ret
// Uncle and parent become black, the grandparent red; go on from there.
.Lflip:
    lea r8, [rdx + 0x1]
    mov qword ptr [rcx + RB_parent_color], r8
    mov qword ptr [rax + RB_parent_color], r8
    mov r8, qword ptr [rdx + RB_parent_color]
    and r8, 0xfffffffffffffffc
    mov qword ptr [rdx + RB_parent_color], r8
    mov rdi, rdx
    jmp .Lagain
.Lroot:
    mov qword ptr [rdi + RB_parent_color], 0x1              // black
    ret
