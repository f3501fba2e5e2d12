"""Long runs: ``pytest tests/fuzz --hypothesis-profile=thorough``."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))  # where the tests here find what they share

settings.register_profile("thorough", deadline=None, print_blob=True)


def pytest_configure(config) -> None:
    """Let Hypothesis print strategies of any length: it does, where it rejects a draw."""
    config.addinivalue_line("filterwarnings", "ignore:Generating overly large repr")
