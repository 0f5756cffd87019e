"""Eight candidates at a time: the vector operations of the neighbour search, in LLVM's portable vectors.

LLVM makes of them what the machine has (AVX-512, AVX2, SSE2, NEON). All read and write past the end of what they are
asked for: arrays need `LANES` entries of room behind their last.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["LANES", "count_up", "lowest_bit", "near_mask", "shift_copy"]

LANES = 8
_structure: Any = cgutils.create_struct_proxy  # numba has no types
_DOUBLES = ir.VectorType(ir.DoubleType(), LANES)
_WORDS = ir.VectorType(ir.IntType(64), LANES)


def _pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any, vector: Any) -> Any:
    data = _structure(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())


def _spread(builder: Any, value: Any, vector: Any) -> Any:
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


def _type_near_mask(typing_context: Any, rows: Any, k: Any, width: Any, a: Any, b: Any, c: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        rows, index, width = arguments[:3]
        square = None
        for axis in range(3):
            there = builder.load(_pointer(context, builder, signature.args[0], rows, index, _DOUBLES), align=8)
            apart = builder.fsub(there, _spread(builder, arguments[3 + axis], _DOUBLES))
            term = builder.fmul(apart, apart)
            square = term if square is None else builder.fadd(square, term)
            index = builder.add(index, width)
        near = builder.fcmp_ordered("<", square, ir.Constant(_DOUBLES, [1.0] * LANES))
        return builder.zext(builder.bitcast(near, ir.IntType(LANES)), ir.IntType(64))

    real = types.float64
    return types.uint64(rows, types.int64, types.int64, real, real, real), generate


def _type_shift_copy(typing_context: Any, source: Any, i: Any, target: Any, k: Any, shift: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, target = (
            _pointer(context, builder, signature.args[n], arguments[n], arguments[n + 1], _DOUBLES) for n in (0, 2)
        )
        shifted = builder.fadd(builder.load(source, align=8), _spread(builder, arguments[4], _DOUBLES))
        builder.store(shifted, target, align=8)
        return context.get_dummy_value()

    return types.void(source, types.int64, target, types.int64, types.float64), generate


def _type_count_up(typing_context: Any, target: Any, k: Any, first: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _pointer(context, builder, signature.args[0], arguments[0], arguments[1], _WORDS)
        numbers = builder.add(_spread(builder, arguments[2], _WORDS), ir.Constant(_WORDS, list(range(LANES))))
        builder.store(numbers, place, align=8)
        return context.get_dummy_value()

    return types.void(target, types.int64, types.int64), generate


def _type_lowest_bit(typing_context: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


near_mask: Any = intrinsic(_type_near_mask)
"""``near_mask(rows, k, width, a, b, c)``: bit n tells whether entry k + n lies within distance 1 of (a, b, c).

The coordinates of an entry are `width` apart in `rows`.
"""

shift_copy: Any = intrinsic(_type_shift_copy)
"""``shift_copy(source, i, target, k, shift)``: target[k + n] = source[i + n] + shift."""

count_up: Any = intrinsic(_type_count_up)
"""``count_up(target, k, first)``: target[k + n] = first + n."""

lowest_bit: Any = intrinsic(_type_lowest_bit)
"""Number of zeros below the lowest bit that is set; there must be one."""
