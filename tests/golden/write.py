"""Writes the golden numbers: ``python -m tests.golden.write``, with the code that they are of."""

import json
from pathlib import Path

from tests.golden.configurations import CONFIGURATIONS, numbers_of

if __name__ == "__main__":
    lines = [f"{json.dumps(name)}: {json.dumps(numbers_of(name))}" for name in CONFIGURATIONS]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    Path(__file__).with_name("numbers.json").write_text(text, encoding="utf-8")
