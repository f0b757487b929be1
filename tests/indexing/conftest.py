"""The bundled model, loaded once for all tests of the index."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexing.encoder import Encoder


@pytest.fixture(scope="session")
def encoder(model_folder: Path) -> Encoder:
    return Encoder.load("bundled", model_folder, threads=1)
