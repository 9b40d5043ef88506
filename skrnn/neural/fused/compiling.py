"""Compiling.

Functions that become part of others, kernels that are compiled once, and who is told of it.
"""

import contextlib
import functools
import hashlib
import sys
import threading
from pathlib import Path

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import config, from_dtype, njit, types
from numba.core import cgutils, event
from numba.core.caching import FunctionCache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.errors import TypingError
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from skrnn.neural.fused.shipped import Shipped
from skrnn.uncut import uncut

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None


_ENGINE = Path(__file__).parent
# "error_model" leaves division to the processor, and "contract" lets it multiply and add in one go:
# with both, loops become vector instructions.
_OPTIONS = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "nsz", "arcp"},
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


def compiled(function, *, python=True, **options):
    """Compile when first called.

    Numba keeps the result beside the file, or else in the user's cache, or nowhere.
    Without ``python`` it is only called from compiled code.
    """
    if config.DISABLE_JIT:
        raise RuntimeError(
            "engine='fused' is compiled with Numba, which NUMBA_DISABLE_JIT forbids: unset it, or "
            "use engine='keras'"
        )
    options = {"pipeline_class": _Lean, **options, **_OPTIONS, "no_cpython_wrapper": not python}
    try:
        dispatcher = njit(cache=True, **options)(function)
    except RuntimeError:
        _Announcer.often = (
            "in every process, as there is no folder to keep them in (NUMBA_CACHE_DIR would name "
            "one)"
        )
        return njit(**options)(function)
    kept = _Kept(function)
    dispatcher._cache = kept
    dispatcher._compiler.compile = functools.partial(
        kept.compiled_once, dispatcher, dispatcher._compiler.compile
    )
    return dispatcher


class _Kept(FunctionCache):
    """Numba's files of a function: compiled by one process, though several may wait for it.

    Faults of the files cost no more than compiling anew.
    """

    def __init__(self, function):
        super().__init__(function)
        # Numba compiles anew when the function's own file has changed; what became a part of it may
        # be of another file. Files of the engine are told by what is in them, not by their time, so
        # that kernels which came with a wheel are those of its files.
        stamp = _sources()
        if not Path(function.__code__.co_filename).is_relative_to(_ENGINE):
            stamp = self._cache_file._source_stamp, stamp
        self._cache_file._source_stamp = stamp
        self._shipped = Shipped(self._impl.filename_base, stamp)

    def compiled_once(self, dispatcher, compile_now, args, returns):
        """What another process has compiled by now, or else compiled here, and kept."""
        with self._locked():
            found = self.load_overload(args, dispatcher.targetctx)
            if found is not None:
                dispatcher.targetctx.insert_user_function(
                    found.entry_point, found.fndesc, [found.library]
                )
                return found
            # An interrupt inside of LLVM would be swallowed there.
            with uncut():
                result = compile_now(args, returns)
            self._keep(args, result)
            return result

    def load_overload(self, sig, target_context):
        """What was kept, or came with the wheel; None where that is nothing, or damaged."""
        try:
            found = super().load_overload(sig, target_context)
        except Exception:
            with contextlib.suppress(OSError):
                self.flush()
            found = None
        return self._of_wheel(sig, target_context) if found is None else found

    def _of_wheel(self, sig, target_context):
        with contextlib.suppress(Exception):
            found = self._shipped.load(self._index_key(sig, target_context.codegen()))
            return None if found is None else self._impl.rebuild(target_context, found)
        return None

    def save_overload(self, sig, data):
        """``compiled_once`` has kept it."""

    def _keep(self, sig, data):
        try:
            super().save_overload(sig, data)
        except OSError as error:
            if not _Announcer.failed:
                _Announcer.failed = True
                print(
                    f"skrnn: the compiled kernels cannot be kept ({error.strerror or error}): each "
                    "process compiles anew (NUMBA_CACHE_DIR names another folder)",
                    file=sys.stderr,
                )

    @contextlib.contextmanager
    def _locked(self):
        """Wait until no other process compiles the function; without a lock where there is none."""
        with contextlib.ExitStack() as opened:
            with contextlib.suppress(OSError):
                self._impl.locator.ensure_cache_path()
                path = Path(self._cache_path, f"{self._impl.filename_base}.lock")
                lock = opened.enter_context(path.open("ab"))
                if fcntl is not None:
                    fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@functools.cache
def _sources():
    """Tells all files of the engine from those of another version."""
    files = sorted(_ENGINE.rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).digest()


def _vector_bytes():
    features = llvmlite.binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 64
    return 32 if features.get("avx") else 16


# How wide the processor's vectors are.
VECTOR = _vector_bytes()
_WIDE = f'"prefer-vector-width"="{8 * VECTOR}"'


class _Library(JITCodeLibrary):
    """Code of functions whose arrays are lent, and whose loops become the widest instructions."""

    def add_ir_module(self, module):
        for function in module.functions:
            # LLVM itself takes half of 512 bits. It knows more attributes than llvmlite would add.
            set.add(function.attributes, _WIDE)
            _lend(function)
        super().add_ir_module(module)


_POINTER, _COUNT = ir.IntType(8).as_pointer(), ir.IntType(64)


def _lend(function):
    """Make of a function's arguments arrays that nobody owns.

    Who calls keeps them for as long. To count who looks at an array would take as long as what is
    done with a small one, and counts are of all threads, which would wait for each other. So none
    of these functions returns an array of its own.
    """
    # What tells an array among the arguments: its owner in memory, its Python object, its size.
    kinds = [argument.type for argument in function.args]
    owners = {
        function.args[place]
        for place in range(len(kinds) - 2)
        if kinds[place : place + 3] == [_POINTER, _POINTER, _COUNT]
    }
    for block in function.blocks:
        for instruction in block.instructions:
            if getattr(instruction, "value", None) in owners:
                instruction.value = ir.Constant(_POINTER, None)


class _Lean(Compiler):
    """Compiles without the steps that none of these functions needs."""

    library = _Library

    def define_pipelines(self):
        codegen = self.state.targetctx.codegen()
        self.state.library = self.library(codegen, self.state.func_id.func_qualname)
        self.state.library.enable_object_caching()
        pipelines = super().define_pipelines()
        for pipeline in pipelines:
            needed = [step for step in pipeline.passes if step[0].name() not in _NOT_NEEDED]
            pipeline.passes = needed
        return pipelines


# Functions with closures, dynamic errors, literal_unroll or parallel loops, and annotated listings.
_NOT_NEEDED = {
    "with_lifting",
    "inline_closure_likes",
    "make_function_op_code_to_jit_function",
    "Rewrite dynamic raises",
    "find_literally",
    "literal_unroll",
    "annotate_types",
    "nopython_supported_feature_validation",
    "dump_parfor_diagnostics",
}


class _Apart(_Lean):
    """Takes it that the arrays which a function is called with do not overlap."""

    def define_pipelines(self):
        self.state.flags.noalias = True
        return super().define_pipelines()


class _PartLibrary(_Library):
    """Code that becomes a part of other code alone: no machine code is made of it."""

    def _finalize_final_module(self):
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name):
        return 0

    @property
    def codegen(self):
        return self

    def set_env(self, *_):
        """There is no code that would look for it."""


class _Part(_Lean):
    """Compiles a part of other functions."""

    library = _PartLibrary


class _PartApart(_Part, _Apart):
    """Compiles a part whose arrays do not overlap."""


def part_of(function):
    """Compile a function as a part of each that calls it."""
    return njit(**_OPTIONS, pipeline_class=_Part)(function)


def part_apart(function):
    """Compile it so, where its arrays never overlap."""
    return njit(**_OPTIONS, pipeline_class=_PartApart)(function)


# ---------------------------------------------------------------------- arrays in other shapes

# NumPy's own ways would look whether there is such a shape, at every call.


def _in_shape(context, builder, kind, value, sizes):
    """An array in one piece that was given, as one of other sizes."""
    given = context.make_array(kind)(context, builder, value=value)
    if sizes is None:
        sizes = [given.nitems]
    result = kind.copy(ndim=len(sizes))
    itemsize = ir.Constant(_COUNT, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    strides = [itemsize]
    for size in sizes[:0:-1]:
        strides.insert(0, builder.mul(strides[0], size))
    out = context.make_array(result)(context, builder)
    populate_array(
        out,
        data=given.data,
        shape=sizes,
        strides=strides,
        itemsize=itemsize,
        meminfo=given.meminfo,
        parent=given.parent,
    )
    return impl_ret_borrowed(context, builder, result, out._getvalue())


def _check_in_one_piece(kind):
    if kind.layout != "C":
        raise TypingError(f"an array must be in one piece, got {kind}")


@intrinsic
def shaped(typing, X, *shape):
    """An array in one piece, in another shape of as many numbers."""
    _check_in_one_piece(X)

    def code(context, builder, signature, values):
        sizes = cgutils.unpack_tuple(builder, values[1])
        sizes = [
            context.cast(builder, size, kind, types.intp)
            for size, kind in zip(sizes, shape, strict=True)
        ]
        return _in_shape(context, builder, X, values[0], sizes)

    return X.copy(ndim=len(shape))(X, types.StarArgTuple(shape)), code


@intrinsic
def flat(typing, X):
    """All numbers of an array in one piece, in a row."""
    _check_in_one_piece(X)

    def code(context, builder, signature, values):
        return _in_shape(context, builder, X, values[0], None)

    return X.copy(ndim=1)(X), code


# ---------------------------------------------------------------------- kernels

# What is a part of others is compiled once more with each of them. A kernel is compiled alone, for
# either float type, and called where it lies: by a name that the linker knows, or by its address.

_LINKED, _READY, _LOCK = [], set(), threading.RLock()


def array(ndim, order="C"):
    """The type of an array of floats; with order "A", in any order of memory."""
    return lambda number: types.Array(number, ndim, order)


class Signature:
    """Arguments of a kernel, and what it returns: types, or functions of the float type."""

    def __init__(self, *arguments, returns=types.none):
        self._arguments, self.returns = arguments, returns

    def of(self, number):
        """The types of the arguments."""
        return tuple(one if isinstance(one, types.Type) else one(number) for one in self._arguments)

    def kind(self, context, number):
        """The kernel's type for the compiler."""
        return context.call_conv.get_function_type(self.returns, self.of(number))

    def call(self, context, builder, number, kernel, given, values):
        """Code that calls a kernel with some values, of the types that are given."""
        kinds = self.of(number)
        values = [
            context.cast(builder, value, one, kind)
            for value, one, kind in zip(values, given, kinds, strict=True)
        ]
        return context.call_conv.call_function(
            builder, kernel, self.returns, self.of(number), values
        )[1]


class Kernel:
    """A function that is compiled alone."""

    def __init__(self, function, signature, *, apart=False):
        self._signature, self._addresses = signature, {}
        self._dispatcher = compiled(
            function, python=False, **({"pipeline_class": _Apart} if apart else {})
        )
        self._name = f"{function.__module__}.{function.__name__}".replace(".", "_")

    def name(self, number):
        """What the linker calls it."""
        return f"{self._name}_{number}"

    def address(self, number):
        """Where it is; compiled when first asked."""
        with _LOCK:
            if number not in self._addresses:
                self._dispatcher.compile(self._signature.of(number))
                result = self._dispatcher.overloads[self._signature.of(number)]
                self._addresses[number] = result.library.get_pointer_to_function(
                    result.fndesc.llvm_func_name
                )
            return self._addresses[number]


def linked(*arguments, returns=types.none, apart=False):
    """Make a function a kernel that other compiled functions call.

    ``apart``, if its arrays never overlap.
    """
    signature = Signature(*arguments, returns=returns)

    def decorate(function):
        kernel = Kernel(function, signature, apart=apart)
        _LINKED.append(kernel)

        @intrinsic
        def call(typing, *given):
            number = _float_of(given)

            def code(context, builder, _, values):
                kind = signature.kind(context, number)
                called = cgutils.get_or_insert_function(builder.module, kind, kernel.name(number))
                values = cgutils.unpack_tuple(builder, values[0])
                return signature.call(context, builder, number, called, given, values)

            return returns(types.StarArgTuple(given)), code

        return call

    return decorate


def caller(signature):
    """A function of an address and a kernel's arguments, which calls the kernel there."""

    @intrinsic
    def call(typing, address, *given):
        number = _float_of(given)

        def code(context, builder, _, values):
            called = builder.inttoptr(values[0], signature.kind(context, number).as_pointer())
            values = cgutils.unpack_tuple(builder, values[1])
            return signature.call(context, builder, number, called, given, values)

        return signature.returns(address, types.StarArgTuple(given)), code

    return call


def _float_of(given):
    return next(one.dtype for one in given if isinstance(getattr(one, "dtype", None), types.Float))


def ready(dtype) -> types.Type:
    """Have the linked kernels for a float type: functions that call them need them to load."""
    number = from_dtype(np.dtype(dtype))
    with _LOCK:
        if number not in _READY:
            for kernel in _LINKED:
                llvmlite.binding.add_symbol(kernel.name(number), kernel.address(number))
            _READY.add(number)
    return number


# ---------------------------------------------------------------------- who is told


class _Announcer(event.Listener):
    """Says once in a process that something is compiled."""

    said = False
    failed = False
    often = "once on this machine"

    def on_start(self, event):
        """A function was not found in the cache."""
        if not _Announcer.said:
            _Announcer.said = True
            print(
                f"skrnn: compiling the network's kernels, {self.often}: about half a minute …",
                file=sys.stderr,
            )

    def on_end(self, event):
        """Nothing to say."""


@contextlib.contextmanager
def announced():
    """Say so if anything is compiled in this block, or in the function that this decorates."""
    with event.install_listener("numba:compile", _Announcer()):
        yield
