"""Floor 4: a function of LLVM IR, written instruction by instruction over lanes of doubles.

The same text serves one lane or eight: every operation is elementwise, multiply-adds are fused explicitly and no
fast-math flag lets the compiler reorder, so that a result does not depend on the number of lanes. The only
names in the text are counters of ours.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Value = str
Body = Callable[[Value, list[Value]], Sequence[Value]]


def double(value: float) -> str:
    """Return a double as IR text, exactly.

    Examples
    --------
    >>> double(1.5)
    '0x3FF8000000000000'
    """
    return f"0x{struct.unpack('<Q', struct.pack('<d', float(value)))[0]:016X}"


@dataclass(slots=True)
class Writer:
    """Collects the body of one function; values are names or constants of IR.

    Attributes
    ----------
    lanes : int
        Doubles to a value.
    lines : list of str
    declared : set of str
        Declarations that the module must hold.
    """

    lanes: int
    lines: list[str] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)
    block: str = "entry"
    count: int = 0

    @property
    def type(self) -> str:
        """The type of a value."""
        return "double" if self.lanes == 1 else f"<{self.lanes} x double>"

    @property
    def whole(self) -> str:
        """The type of a value's bits as integers."""
        return "i64" if self.lanes == 1 else f"<{self.lanes} x i64>"

    @property
    def suffix(self) -> str:
        """The suffix of intrinsics."""
        return "f64" if self.lanes == 1 else f"v{self.lanes}f64"

    def emit(self, text: str) -> Value:
        """Write an instruction and return the name of its value."""
        self.count += 1
        name = f"%v{self.count}"
        self.lines.append(f"  {name} = {text}")
        return name

    def do(self, text: str) -> None:
        """Write an instruction without a value."""
        self.lines.append(f"  {text}")

    def number(self, value: float) -> Value:
        """Return a constant in all lanes."""
        return double(value) if self.lanes == 1 else f"splat (double {double(value)})"

    def integer(self, value: int) -> Value:
        """Return an integer constant in all lanes."""
        return str(value) if self.lanes == 1 else f"splat (i64 {value})"

    # memory: a row holds one double to a lane
    def load(self, base: Value, row: int) -> Value:
        """Read a row behind a pointer."""
        return self.emit(f"load {self.type}, ptr {self.offset(base, row * self.lanes)}, align {8 * self.lanes}")

    def store(self, base: Value, row: int, value: Value) -> None:
        """Write a row behind a pointer."""
        place = self.offset(base, row * self.lanes)
        self.do(f"store {self.type} {value}, ptr {place}, align {8 * self.lanes}")

    def loop(self, count: int, carried: Sequence[Value], body: Body) -> list[Value]:
        """Repeat a body with a pointer offset that grows by one row, and values carried from turn to turn.

        ``body(offset, values)`` returns the next values; ``offset`` counts doubles.
        """
        if count == 0:
            return list(carried)
        self.count += 1
        before, inside, after = self.block, f"inside{self.count}", f"after{self.count}"
        self.do(f"br label %{inside}")
        self.lines.append(f"{inside}:")
        self.block = inside
        head = len(self.lines)
        index, *values = [self.emit("") for _ in range(1 + len(carried))]
        results = body(index, values)
        following = self.emit(f"add i64 {index}, {self.lanes}")
        again = self.emit(f"icmp ult i64 {following}, {count * self.lanes}")
        for place, (kind, name, first, then) in enumerate(
            [
                ("i64", index, "0", following),
                *((self.type, *each) for each in zip(values, carried, results, strict=True)),
            ]
        ):
            self.lines[head + place] = f"  {name} = phi {kind} [ {first}, %{before} ], [ {then}, %{self.block} ]"
        self.do(f"br i1 {again}, label %{inside}, label %{after}")
        self.lines.append(f"{after}:")
        self.block = after
        return list(results)

    def offset(self, base: Value, doubles: int | Value) -> Value:
        """Return a pointer moved by some doubles."""
        return self.emit(f"getelementptr inbounds double, ptr {base}, i64 {doubles}")

    def broadcast(self, base: Value, place: int) -> Value:
        """Read one double into all lanes."""
        pointer = self.emit(f"getelementptr inbounds double, ptr {base}, i64 {place}")
        one = self.emit(f"load double, ptr {pointer}, align 8")
        if self.lanes == 1:
            return one
        first = self.emit(f"insertelement {self.type} poison, double {one}, i32 0")
        mask = f"<{self.lanes} x i32> zeroinitializer"
        return self.emit(f"shufflevector {self.type} {first}, {self.type} poison, {mask}")

    def gathered(self, base: Value, places: Sequence[int]) -> Value:
        """Read one double to each lane."""
        found = "poison"
        for lane, place in enumerate(places):
            one = self.emit(f"load double, ptr {self.offset(base, place)}, align 8")
            found = self.emit(f"insertelement {self.type} {found}, double {one}, i32 {lane}")
        return found

    def scatter(self, base: Value, places: Sequence[int], value: Value) -> None:
        """Write each lane to a place of its own."""
        for lane, place in enumerate(places):
            one = self.emit(f"extractelement {self.type} {value}, i32 {lane}")
            self.do(f"store double {one}, ptr {self.offset(base, place)}, align 8")

    def numbers(self, values: Sequence[float]) -> Value:
        """Return a constant to each lane."""
        return "<" + ", ".join(f"double {double(value)}" for value in values) + ">"

    # arithmetic
    def add(self, a: Value, b: Value) -> Value:
        return self.emit(f"fadd {self.type} {a}, {b}")

    def subtract(self, a: Value, b: Value) -> Value:
        return self.emit(f"fsub {self.type} {a}, {b}")

    def multiply(self, a: Value, b: Value) -> Value:
        return self.emit(f"fmul {self.type} {a}, {b}")

    def divide(self, a: Value, b: Value) -> Value:
        return self.emit(f"fdiv {self.type} {a}, {b}")

    def negate(self, a: Value) -> Value:
        return self.emit(f"fneg {self.type} {a}")

    def fused(self, a: Value, b: Value, c: Value) -> Value:
        """Return a·b + c, rounded once."""
        return self.intrinsic("fma", a, b, c)

    def intrinsic(self, name: str, *arguments: Value) -> Value:
        """Call an elementwise LLVM intrinsic."""
        types = ", ".join([self.type] * len(arguments))
        self.declared.add(f"declare {self.type} @llvm.{name}.{self.suffix}({types})")
        listed = ", ".join(f"{self.type} {argument}" for argument in arguments)
        return self.emit(f"call {self.type} @llvm.{name}.{self.suffix}({listed})")

    def compare(self, how: str, a: Value, b: Value) -> Value:
        """Compare lanes: ``olt``, ``ole``, ``ogt``, ``oge``, ``oeq``, ``une``, ``uno``."""
        return self.emit(f"fcmp {how} {self.type} {a}, {b}")

    def either(self, a: Value, b: Value) -> Value:
        """Return the union of two comparisons."""
        return self.emit(f"or {self._flags} {a}, {b}")

    def select(self, condition: Value, a: Value, b: Value) -> Value:
        """Choose by lane."""
        return self.emit(f"select {self._flags} {condition}, {self.type} {a}, {self.type} {b}")

    def larger(self, a: Value, b: Value) -> Value:
        """Return a where a > b, else b."""
        return self.select(self.compare("ogt", a, b), a, b)

    def smaller(self, a: Value, b: Value) -> Value:
        """Return a where a < b, else b."""
        return self.select(self.compare("olt", a, b), a, b)

    @property
    def _flags(self) -> str:
        return "i1" if self.lanes == 1 else f"<{self.lanes} x i1>"

    # bits
    def bits(self, a: Value) -> Value:
        return self.emit(f"bitcast {self.type} {a} to {self.whole}")

    def unbits(self, a: Value) -> Value:
        return self.emit(f"bitcast {self.whole} {a} to {self.type}")

    def integers(self, operation: str, a: Value, b: Value) -> Value:
        """Apply ``add``, ``sub``, ``and``, ``shl``, ``lshr`` to bits."""
        return self.emit(f"{operation} {self.whole} {a}, {b}")

    def each(self, name: str, a: Value) -> Value:
        """Call a function of the C library lane by lane: for what is rare."""
        self.declared.add(f"declare double @{name}(double)")
        if self.lanes == 1:
            return self.emit(f"call double @{name}(double {a})")
        found = "poison"
        for lane in range(self.lanes):
            one = self.emit(f"extractelement {self.type} {a}, i32 {lane}")
            value = self.emit(f"call double @{name}(double {one})")
            found = self.emit(f"insertelement {self.type} {found}, double {value}, i32 {lane}")
        return found

    def polynomial(self, x: Value, coefficients: Sequence[float]) -> Value:
        """Evaluate a polynomial, highest power first."""
        found = self.number(coefficients[0])
        for coefficient in coefficients[1:]:
            found = self.fused(found, x, self.number(coefficient))
        return found

    def function(self, name: str, arguments: int) -> str:
        """Return the text of the function that was written; its arguments are ``%a0, %a1, …``."""
        listed = ", ".join(f"ptr noalias %a{index}" for index in range(arguments))
        body = "\n".join(self.lines)
        return f"define void @{name}({listed}) #0 {{\nentry:\n{body}\n  ret void\n}}\n"
