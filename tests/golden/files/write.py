"""Writes the golden files: ``python -m tests.golden.files.write``, once for each format."""

import json

import skrnn
from tests.golden.files.models import HERE, MODELS, answers

if __name__ == "__main__":
    said = {}
    for name, make in MODELS.items():
        model, data = make()
        skrnn.save(model, HERE / f"{name}-1.skrnn")
        said[name] = answers(name, model, data)
    (HERE / "answers-1.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
