// void rb_erase(struct rb_node *node, struct rb_root *root)
// Source: Linux 4.8, lib/rbtree.c and include/linux/rbtree_augmented.h, rb_erase (13 instructions in a tree of one)
// Entry: rdi node, rsi root
// Exit:  node is out of the tree; the tree is balanced
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
    .set BLACK, 0x1                                         // bit 0 of RB_parent_color
rb_erase:
    mov rdx, qword ptr [rdi + RB_left]
    test rdx, rdx
    jnz .Lhas_left
// No left child: the right one, if any, is red and takes the place
    mov rcx, qword ptr [rdi + RB_right]
    mov r8, qword ptr [rdi + RB_parent_color]
    mov rax, r8
    and rax, -0x4                                           // parent
    jz .Lright_to_root
    cmp qword ptr [rax + RB_left], rdi
    je .Lright_to_left
    mov qword ptr [rax + RB_right], rcx
    test rcx, rcx
    jz .Lleaf_gone
    mov qword ptr [rcx + RB_parent_color], r8
    ret
.Lright_to_left:
    mov qword ptr [rax + RB_left], rcx
    test rcx, rcx
    jz .Lleaf_gone
    mov qword ptr [rcx + RB_parent_color], r8
    ret
.Lright_to_root:
    mov qword ptr [rsi], rcx
    test rcx, rcx
    jz .Lout                                                // it was the only one
    mov qword ptr [rcx + RB_parent_color], r8
    ret
.Lleaf_gone:
    test r8b, BLACK
    jnz .Lrebalance                                         // a black node is missing below rax
.Lout:
    ret
.Lhas_left:
    mov rcx, qword ptr [rdi + RB_right]
    mov r8, qword ptr [rdi + RB_parent_color]
    mov rax, r8
    and rax, -0x4                                           // parent
    test rcx, rcx
    jnz .Ltwo_children
// Only a left child: likewise
    mov qword ptr [rdx + RB_parent_color], r8
    test rax, rax
    jz .Lleft_to_root
    cmp qword ptr [rax + RB_left], rdi
    je .Lleft_to_left
    mov qword ptr [rax + RB_right], rdx
    ret
.Lleft_to_left:
    mov qword ptr [rax + RB_left], rdx
    ret
.Lleft_to_root:
    mov qword ptr [rsi], rdx
    ret
// Two children: the successor (r9), leftmost on the right, takes the place; it leaves r11 (or nothing) below r10
.Ltwo_children:
    mov r9, rcx
    mov r11, qword ptr [rcx + RB_left]
    test r11, r11
    jnz .Lfind_successor
    mov r10, r9
    mov r11, qword ptr [r9 + RB_right]
    jmp .Lsuccessor_ready
.Lfind_successor:
    mov r10, r9
    mov r9, r11
    mov r11, qword ptr [r9 + RB_left]
    test r11, r11
    jnz .Lfind_successor
    mov r11, qword ptr [r9 + RB_right]
    mov qword ptr [r10 + RB_left], r11
    mov qword ptr [r9 + RB_right], rcx
    mov rdx, qword ptr [rcx + RB_parent_color]
    and edx, 0x1
    or rdx, r9
    mov qword ptr [rcx + RB_parent_color], rdx
    mov rdx, qword ptr [rdi + RB_left]
.Lsuccessor_ready:
    mov qword ptr [r9 + RB_left], rdx
    mov rcx, qword ptr [rdx + RB_parent_color]
    and ecx, 0x1
    or rcx, r9
    mov qword ptr [rdx + RB_parent_color], rcx
    test rax, rax
    jz .Lsuccessor_to_root
    cmp qword ptr [rax + RB_left], rdi
    je .Lsuccessor_to_left
    mov qword ptr [rax + RB_right], r9
    jmp .Lsuccessor_placed
.Lsuccessor_to_left:
    mov qword ptr [rax + RB_left], r9
    jmp .Lsuccessor_placed
.Lsuccessor_to_root:
    mov qword ptr [rsi], r9
.Lsuccessor_placed:
    mov rax, r10
    mov rdx, qword ptr [r9 + RB_parent_color]               // the colour that is now missing
    mov qword ptr [r9 + RB_parent_color], r8                // parent and colour of the erased node
    test r11, r11
    jz .Lsuccessor_leaf
    lea rcx, [rax + BLACK]
    mov qword ptr [r11 + RB_parent_color], rcx
    ret
.Lsuccessor_leaf:
    test dl, BLACK
    jz .Lout

// A path through `node` (rdi, at first the empty place) below `parent` (rax) is one black node short. r8, r9: offsets of the
// child on node's side and on the other; rdx the sibling.
.Lrebalance:
    xor edi, edi
.Llevel:
    mov r8d, RB_left
    mov r9d, RB_right
    cmp qword ptr [rax + RB_left], rdi
    je .Lsides_known
    mov r8d, RB_right
    mov r9d, RB_left
.Lsides_known:
    mov rdx, qword ptr [rax + r9]                           // sibling
    test byte ptr [rdx + RB_parent_color], BLACK
    jnz .Lsibling_black
// Case 1, the sibling is red: rotate it above the parent, go on with a black one
    mov rcx, qword ptr [rdx + r8]
    mov qword ptr [rax + r9], rcx
    mov qword ptr [rdx + r8], rax
    lea r10, [rax + BLACK]
    mov qword ptr [rcx + RB_parent_color], r10
    mov r11, rcx
    mov r10, qword ptr [rax + RB_parent_color]
    mov qword ptr [rdx + RB_parent_color], r10              // the parent's place and colour
    mov qword ptr [rax + RB_parent_color], rdx              // the parent is red
    and r10, -0x4
    jz .Lrotated_root
    cmp qword ptr [r10 + RB_left], rax
    je .Lrotated_left
    mov qword ptr [r10 + RB_right], rdx
    jmp .Lrotated
.Lrotated_left:
    mov qword ptr [r10 + RB_left], rdx
    jmp .Lrotated
.Lrotated_root:
    mov qword ptr [rsi], rdx
.Lrotated:
    mov rdx, r11
.Lsibling_black:
    mov rcx, qword ptr [rdx + r9]                           // the sibling's outer child
    test rcx, rcx
    jz .Louter_black
    test byte ptr [rcx + RB_parent_color], BLACK
    jz .Louter_red
.Louter_black:
    mov r11, qword ptr [rdx + r8]                           // its inner child
    test r11, r11
    jz .Lrecolour
    test byte ptr [r11 + RB_parent_color], BLACK
    jz .Linner_red
// Case 2, both black: the sibling turns red, the shortage moves up
.Lrecolour:
    mov qword ptr [rdx + RB_parent_color], rax
    test byte ptr [rax + RB_parent_color], BLACK
    jz .Lparent_red
    mov rdi, rax
    mov rax, qword ptr [rax + RB_parent_color]
    and rax, -0x4
    jnz .Llevel
    ret
.Lparent_red:
    or qword ptr [rax + RB_parent_color], BLACK
    ret
// Case 3, only the inner child is red: rotate it above the sibling
.Linner_red:
    mov rcx, qword ptr [r11 + r9]
    mov qword ptr [rdx + r8], rcx
    mov qword ptr [r11 + r9], rdx
    mov qword ptr [rax + r9], r11
    test rcx, rcx
    jz .Lno_grandchild
    lea r10, [rdx + BLACK]
    mov qword ptr [rcx + RB_parent_color], r10
.Lno_grandchild:
    mov rcx, rdx                                            // the old sibling is the outer child now
    mov rdx, r11
// Case 4, the outer child is red: rotate the sibling above the parent; done
.Louter_red:
    mov r11, qword ptr [rdx + r8]
    mov qword ptr [rax + r9], r11
    mov qword ptr [rdx + r8], rax
    lea r10, [rdx + BLACK]
    mov qword ptr [rcx + RB_parent_color], r10
    test r11, r11
    jz .Lno_inner
    mov rcx, qword ptr [r11 + RB_parent_color]
    and ecx, BLACK
    or rcx, rax
    mov qword ptr [r11 + RB_parent_color], rcx
.Lno_inner:
    mov rcx, qword ptr [rax + RB_parent_color]
    mov qword ptr [rdx + RB_parent_color], rcx              // the parent's place and colour
    mov qword ptr [rax + RB_parent_color], r10              // the parent is black
    and rcx, -0x4
    jz .Llast_root
    cmp qword ptr [rcx + RB_left], rax
    je .Llast_left
    mov qword ptr [rcx + RB_right], rdx
    ret
.Llast_left:
    mov qword ptr [rcx + RB_left], rdx
    ret
.Llast_root:
    mov qword ptr [rsi], rdx
    ret
