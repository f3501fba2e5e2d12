"""Long runs: ``pytest tests/fuzz --hypothesis-profile=thorough``."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))  # where the tests here find what they share

settings.register_profile("thorough", deadline=None, print_blob=True)
