"""The oldest dependencies that are allowed are those that are tested."""

import tomllib
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]


def declared():
    """The requirements of the package, of the extras that the tests have, and of these, by name."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = told["project"]["optional-dependencies"]
    lists = [told["project"]["dependencies"], told["dependency-groups"]["test"]]
    lists += [extras[name] for name in Requirement(extras["all"][0]).extras]
    return {one.name: one for one in map(Requirement, chain(*lists))}


def in_tests():
    """The versions that the tests with the oldest dependencies have, by name."""
    lines = (ROOT / "tests" / "oldest.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def test_floors_are_tested():
    """Each is the release of the constraints, whatever its last number."""
    versions = in_tests()

    for name, requirement in declared().items():
        (floor,) = requirement.specifier
        n_numbers = len(Version(floor.version).release)
        assert floor.operator == ">="
        assert Version(versions[name]) >= Version(floor.version)
        assert Version(versions[name]).release[:n_numbers] == Version(floor.version).release
