"""Tiny numbers: those too small for a float's exponent are zero while compiled code runs.

Gradients that vanish become such numbers, step by step, and processors take many times longer to
calculate with them. Whether they do is a state of the thread: it is put back.
"""

import platform

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from skrnn.neural.fused.compiling import part_of

# Other processors are not slower with them.
KNOWN = platform.machine().lower() in ("x86_64", "amd64")
# Bits of the control register: results that are so small are zero, and so are such operands.
TO_ZERO = 0x8000 | 0x0040


def _control(builder, name, place):
    """Call what reads or writes the control register, at a place in memory."""
    kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
    called = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
    builder.call(called, [builder.bitcast(place, ir.IntType(8).as_pointer())])


@intrinsic
def _control_now(typing):
    def code(context, builder, signature, values):
        place = cgutils.alloca_once_value(builder, ir.Constant(ir.IntType(32), 0))
        if KNOWN:
            _control(builder, "llvm.x86.sse.stmxcsr", place)
        return builder.load(place)

    return types.int32(), code


@intrinsic
def _set_control(typing, control):
    def code(context, builder, signature, values):
        if KNOWN:
            control = context.cast(builder, values[0], signature.args[0], types.int32)
            place = cgutils.alloca_once_value(builder, control)
            _control(builder, "llvm.x86.sse.ldmxcsr", place)
        return context.get_dummy_value()

    return types.none(control), code


@part_of
def tiny_as_zero():
    """From now on tiny numbers are zero; gives what ``put_back`` takes."""
    before = _control_now()
    _set_control(before | TO_ZERO)
    return before


@part_of
def put_back(before):
    """Tiny numbers are again what they were."""
    _set_control(before)
