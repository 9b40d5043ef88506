"""Set-up of the test session."""

import os

# Two workers on two cores: TensorFlow's threads would only wait for each other.
for variable in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(variable, "1")
