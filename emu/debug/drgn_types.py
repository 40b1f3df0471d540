"""A kernel's BTF as drgn's types and objects: structures by name, functions, enumerators, and the variables whose types are known.

BTF has the types of per-CPU variables only. Of other variables those have one that drgn's own helpers ask for first.
"""

from collections import defaultdict
from functools import cached_property

from drgn import (
    FindObjectFlags,
    Object,
    Program,
    Qualifiers,
    Type,
    TypeEnumerator,
    TypeKind,
    TypeKindSet,
    TypeMember,
    TypeParameter,
)

from emu.elf import btf
from emu.elf.btf import Btf, Entry
from emu.elf.symbols import SymbolTable

FINDER = "emu"
SIGNED, BOOLEAN = 1, 4  # encodings of an integer
KINDS = {
    TypeKind.INT: (btf.INT,),
    TypeKind.BOOL: (btf.INT,),
    TypeKind.FLOAT: (btf.FLOAT,),
    TypeKind.STRUCT: (btf.STRUCT,),
    TypeKind.UNION: (btf.UNION,),
    TypeKind.ENUM: (btf.ENUM, btf.ENUM64),
    TypeKind.TYPEDEF: (btf.TYPEDEF,),
}
QUALIFIERS = {btf.CONST: Qualifiers.CONST, btf.VOLATILE: Qualifiers.VOLATILE, btf.RESTRICT: Qualifiers.RESTRICT}
# Source: their declarations in Linux's headers; "[]" for an array whose length is not in them.
VARIABLES = {
    "init_task": "struct task_struct",  # linux/sched/task.h
    "init_pid_ns": "struct pid_namespace",  # linux/pid_namespace.h
    "init_ipc_ns": "struct ipc_namespace",  # linux/ipc_namespace.h
    "init_uts_ns": "struct uts_namespace",  # linux/utsname.h
    "init_mm": "struct mm_struct",  # linux/mm_types.h
    "init_net": "struct net",  # net/net_namespace.h
    "jiffies": "unsigned long",  # linux/jiffies.h
    "__per_cpu_offset": "unsigned long []",  # asm-generic/percpu.h
    "nr_cpu_ids": "unsigned int",  # linux/cpumask.h
    "__cpu_online_mask": "struct cpumask",
    "__cpu_possible_mask": "struct cpumask",
    "__cpu_present_mask": "struct cpumask",
    "slab_caches": "struct list_head",  # mm/slab.h
    "modules": "struct list_head",  # kernel/module/internal.h
    "super_blocks": "struct list_head",  # fs/super.c
    "linux_banner": "const char []",  # linux/printk.h
}


class BtfTypes:
    """The types of one kernel, made as they are asked for."""

    def __init__(self, program: Program, types: Btf, symbols: SymbolTable) -> None:
        """Register with a program."""
        self._program, self._btf, self._symbols = program, types, symbols
        self._made: dict[int, Type] = {}
        self._numbers: dict[str, list[tuple[int, int]]] = defaultdict(list)  # kind and number by name
        for number, kind, name in types.heads():
            self._numbers[name].append((kind, number))
        program.register_type_finder(FINDER, self._find_type, enable_index=-1)
        program.register_object_finder(FINDER, self._find_object, enable_index=-1)

    def _find_type(self, program: Program, kinds: TypeKindSet, name: str, filename: str | None) -> Type | None:
        if filename is not None:  # which BTF does not have
            return None
        wanted = {each for kind in kinds for each in KINDS.get(kind, ())}
        for kind, number in self._numbers.get(name, ()):
            if kind in wanted and (found := self._type(number)).kind in kinds:
                return found
        return None

    def _find_object(self, program: Program, name: str, flags: FindObjectFlags, filename: str | None) -> Object | None:
        if filename is not None:
            return None
        if FindObjectFlags.CONSTANT in flags and name in self._constants:
            number, value = self._constants[name]
            return Object(program, self._type(number), value)
        address = self._symbols.address(name)
        if address is None:
            return None
        for wanted, kind in ((FindObjectFlags.FUNCTION, btf.FUNC), (FindObjectFlags.VARIABLE, btf.VAR)):
            known = self._number(kind, name)
            if wanted in flags and known is not None:
                return Object(program, self._type(self._btf.entry(known).third), address=address)
        if FindObjectFlags.VARIABLE in flags and name in VARIABLES:
            return Object(program, program.type(VARIABLES[name]), address=address)
        return None

    def _number(self, kind: int, name: str) -> int | None:
        return next((number for each, number in self._numbers.get(name, ()) if each == kind), None)

    @cached_property
    def _constants(self) -> dict[str, tuple[int, int]]:
        """Every enumerator: the number of its type, and its value."""
        found: dict[str, tuple[int, int]] = {}
        for number in range(1, len(self._btf) + 1):
            if self._btf.kind(number) in (btf.ENUM, btf.ENUM64):
                for each in _enumerators(self._btf.entry(number)):
                    found.setdefault(each.name, (number, each.value))
        return found

    def _type(self, number: int) -> Type:
        if number not in self._made:
            self._made[number] = self._program.void_type() if number == 0 else self._make(self._btf.entry(number))
        return self._made[number]

    def _make(self, entry: Entry) -> Type:
        """Structures know the types of their members when these are asked for: so a type may lead back to itself."""
        program = self._program
        match entry.kind:
            case btf.INT:
                return self._integer(entry)
            case btf.FLOAT:
                return program.float_type(entry.name, entry.third)
            case btf.PTR:
                return program.pointer_type(self._type(entry.third))
            case btf.ARRAY:
                ((element, _, count),) = entry.rows
                return program.array_type(self._type(element), count)
            case btf.STRUCT | btf.UNION:
                make = program.struct_type if entry.kind == btf.STRUCT else program.union_type
                rows = zip(entry.names, entry.rows, strict=True)
                members = [self._member(name, number, place, entry.flag) for name, (number, place) in rows]
                return make(entry.name or None, entry.third, members)
            case btf.ENUM | btf.ENUM64:
                values = _enumerators(entry)
                kind = program.int_type("int" if entry.flag else "unsigned int", entry.third, entry.flag)
                return program.enum_type(entry.name or None, kind, values)
            case btf.FWD:
                return self._declared(entry)
            case btf.TYPEDEF:
                return program.typedef_type(entry.name, self._type(entry.third))
            case btf.FUNC_PROTO:
                return self._prototype(entry)
            case btf.VOLATILE | btf.CONST | btf.RESTRICT:
                inner = self._type(entry.third)
                return inner.qualified(inner.qualifiers | QUALIFIERS[entry.kind])
        return self._type(entry.third)  # a function, or a tag around a type

    def _integer(self, entry: Entry) -> Type:
        ((data,),) = entry.rows
        encoding = data >> 24 & 15
        if encoding & BOOLEAN:
            return self._program.bool_type(entry.name, entry.third)
        return self._program.int_type(entry.name, entry.third, bool(encoding & SIGNED))

    def _member(self, name: str, number: int, place: int, has_widths: bool) -> TypeMember:
        bit, width = (place & 0xFFFFFF, place >> 24) if has_widths else (place, 0)

        def of() -> Type | Object:
            kind = self._type(number)
            return Object(self._program, kind, bit_field_size=width) if width else kind

        return TypeMember(of, name or None, bit)

    def _declared(self, entry: Entry) -> Type:
        """A structure that is only declared here is the one of that name, if there is one."""
        number = self._number(btf.UNION if entry.flag else btf.STRUCT, entry.name)
        if number is not None:
            return self._type(number)
        return self._program.union_type(entry.name) if entry.flag else self._program.struct_type(entry.name)

    def _prototype(self, entry: Entry) -> Type:
        rows = [(name, number) for name, (number,) in zip(entry.names, entry.rows, strict=True)]
        open_ended = bool(rows) and rows[-1] == ("", 0)
        parameters = [TypeParameter(lambda number=number: self._type(number), name or None) for name, number in rows]
        return self._program.function_type(self._type(entry.third), parameters[: len(parameters) - open_ended], open_ended)


def _enumerators(entry: Entry) -> list[TypeEnumerator]:
    bits = 64 if entry.kind == btf.ENUM64 else 32
    values = []
    for name, words in zip(entry.names, entry.rows, strict=True):
        value = sum(word << 32 * place for place, word in enumerate(words))
        values.append(TypeEnumerator(name, value - (1 << bits) if entry.flag and value >> (bits - 1) else value))
    return values
