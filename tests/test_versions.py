"""Versions, also of what is not installed."""

import importlib.metadata

import numpy as np

import skrnn
from skrnn import LinearWindow
from skrnn.versions import version_of, versions


def test_versions_are_those_of_what_is_installed():
    assert version_of("numpy") == np.__version__
    assert versions()["skrnn"] == skrnn.__version__


def test_a_copy_on_the_path_saves_models_too(monkeypatch, tmp_path):
    """A package that lies there, and that nobody has installed, has no version that is known."""

    def nowhere(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", nowhere)
    model = LinearWindow().fit(np.arange(40.0).reshape(10, 4), np.arange(10.0))
    skrnn.save(model, tmp_path / "model.skrnn")

    assert set(versions().values()) == {versions()["python"], "unknown"}
    assert skrnn.load(tmp_path / "model.skrnn").alpha_ == model.alpha_
