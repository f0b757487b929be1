"""The desk of the services' tests, for those that start real processes."""

from tests.services.conftest import case, desk, encoder

__all__ = ["case", "desk", "encoder"]
