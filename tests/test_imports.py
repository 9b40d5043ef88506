"""What is imported when, and by whom."""

import ast
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "skrnn"
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = (
    "tensorflow",
    "keras",
    "scikeras",
    "sktime",
    "statsmodels",
    "matplotlib",
    "statsforecast",
    "numba",
    "plotly",
    "jinja2",
)
# How the names of the modules begin that may import each.
ALLOWED = {
    "tensorflow": ("neural/keras/",),
    "keras": ("neural/keras/",),
    "scikeras": ("neural/keras/",),
    "sktime": ("datasets.py", "sktime/", "baselines/smoothing.py"),
    # sktime asks for it.
    "statsmodels": (),
    "matplotlib": ("plotting",),
    "statsforecast": ("baselines/statistical.py",),
    "numba": ("neural/fused",),
    "plotly": ("report",),
    "jinja2": ("report",),
}
# No module imports one of a later layer.
LAYERS = [
    {
        "validation",
        "wholly",
        "uncut",
        "quietly",
        "wording",
        "warn",
        "versions",
        "datasets",
        "files",
    },
    {"windows"},
    {"preprocessing", "reading"},
    {"forecasters"},
    {"baselines", "neural"},
    {"text"},
    {"evaluation", "intervals"},
    {"comparison"},
    {"plotting", "report", "sktime"},
    {"cli"},
]
# Where things were before: they import what is public there now.
FORMER = ("regression.py", "relative.py", "multistep.py")


def module_name(path):
    return path.relative_to(PACKAGE).as_posix()


def imported_names(node):
    """The dotted names that an import, or a call of import_module or __import__, asks for."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        function = ast.unparse(node.func)
        if function.endswith("import_module") or function == "__import__":
            return [str(node.args[0].value)]
    return []


def imports_of(tree):
    return [name for node in ast.walk(tree) for name in imported_names(node)]


def imports_at_load(tree):
    """The names imported as soon as the module is, that is outside every function."""
    waiting, found = [tree], []
    while waiting:
        node = waiting.pop()
        found += imported_names(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return found


def layer_of(room):
    return next((number for number, layer in enumerate(LAYERS) if room in layer), None)


def room_of(path):
    """The package, or the module beside the packages, that a module lives in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "module", ["skrnn", "skrnn.datasets", "skrnn.baselines.smoothing", "skrnn.evaluation"]
)
def test_import_is_light(module):
    """The import loads none of the heavy libraries."""
    code = f"import sys, {module}; print(*(set({HEAVY}) & set(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == []


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_heavy_libraries_stay_in_their_module(path):
    """Only the module made for a heavy library imports it, be it inside a function."""
    found = {name.partition(".")[0] for name in imports_of(parse(path))} & set(HEAVY)

    assert [
        library for library in found if not module_name(path).startswith(ALLOWED[library])
    ] == []


def test_data_sets_import_sktime_late():
    """The data sets ask for sktime only when its copy of a series is asked for."""
    names = imports_at_load(parse(PACKAGE / "datasets.py"))

    assert [name for name in names if name.startswith("sktime")] == []


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_every_module_has_its_layer(path):
    """A module's room is one of the layers, or where something public was before."""
    special = ("__init__.py", "__main__.py", *FORMER)

    assert module_name(path) in special or layer_of(room_of(path)) is not None


@pytest.mark.parametrize(
    ("former", "now"),
    [
        ("skrnn.regression.WindowRegressor", "skrnn.forecasters.base.WindowRegressor"),
        (
            "skrnn.relative.TransformedWindowRegressor",
            "skrnn.forecasters.relative.TransformedWindowRegressor",
        ),
        ("skrnn.multistep.DirectForecaster", "skrnn.forecasters.leads.DirectForecaster"),
        ("skrnn.multistep.RecursiveForecaster", "skrnn.forecasters.leads.RecursiveForecaster"),
        ("skrnn.multistep.MultiOutputForecaster", "skrnn.forecasters.leads.MultiOutputForecaster"),
        ("skrnn.sktime.SmoothingRegressor", "skrnn.baselines.smoothing.SmoothingRegressor"),
    ],
)
def test_former_paths_keep_working(former, now):
    """What was public elsewhere is still found there."""
    assert pkgutil.resolve_name(former) is pkgutil.resolve_name(now)


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_no_import_points_back(path):
    """A module imports from its own layer and earlier ones alone."""
    own = layer_of(room_of(path))
    parts = [name.split(".") for name in imports_of(parse(path))]
    layers = {
        ".".join(name): layer_of(name[1]) for name in parts if name[0] == "skrnn" and len(name) > 1
    }

    later = [name for name, layer in layers.items() if None not in (own, layer) and layer > own]
    assert later == []


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "neural" / "fused").rglob("*.py")), ids=module_name
)
def test_the_fused_engine_is_numerics_only(path):
    """It knows the network as plain data, and no estimator: neither scikit-learn's nor ours."""
    names = imports_of(ast.parse(path.read_text(encoding="utf-8")))

    ours = {name for name in names if name.startswith("skrnn")}
    assert not [name for name in names if name.startswith("sklearn")]
    plain = ("network", "pool", "streams", "training")
    ground = ("skrnn.uncut", "skrnn.quietly")
    allowed = ("skrnn.neural.fused", *ground, *(f"skrnn.neural.{name}" for name in plain))
    assert all(name.startswith(allowed) for name in ours)


@pytest.mark.parametrize("path", sorted((PACKAGE / "reading").rglob("*.py")), ids=module_name)
def test_reading_knows_windows_alone(path):
    """Files are read without any estimator or transformer."""
    ours = [name for name in imports_of(parse(path)) if name.startswith("skrnn")]

    assert all(
        name.startswith(("skrnn.reading", "skrnn.windows", "skrnn.validation", "skrnn.wording"))
        for name in ours
    )


def test_reading_is_asked_for():
    """The package does not load what reads files."""
    code = "import sys, skrnn; print('skrnn.reading' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False"


def test_intervals_and_backtests_are_asked_for():
    """The package loads them, and what they need of scikit-learn, with the first that is named."""
    code = (
        "import sys, skrnn\n"
        "rooms = 'skrnn.evaluation', 'skrnn.intervals', 'sklearn.model_selection'\n"
        "early = [name for name in sys.modules if name.startswith(rooms)]\n"
        "print(early, skrnn.IntervalForecaster.__name__, 'IntervalForecaster' in dir(skrnn))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["[]", "IntervalForecaster", "True"]


def test_pyarrow_is_imported_late():
    """Parquet files alone need pyarrow."""
    early = [
        path
        for path in MODULES
        if any(name.startswith("pyarrow") for name in imports_at_load(parse(path)))
    ]

    assert early == []


def test_package_is_typed():
    """The package says that its public functions are annotated."""
    assert (PACKAGE / "py.typed").exists()


@pytest.mark.parametrize("room", ["datasets", "evaluation", "neural", "plotting"])
def test_a_room_is_there_when_it_is_asked_for(room):
    """Nobody needs to import it by itself."""
    code = f"import skrnn; print(skrnn.{room}.__name__)"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == f"skrnn.{room}"
