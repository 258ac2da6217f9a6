"""Makes the example importable, wherever the tests are run from."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

# The examples are no part of what is installed, and no test shall import the package
# from the checkout: so not the whole of it is made importable.
EXAMPLES = ModuleType("examples")
EXAMPLES.__path__ = [str(Path(__file__).parents[2] / "examples")]
sys.modules.setdefault("examples", EXAMPLES)
