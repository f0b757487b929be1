"""The error of a model that cannot be loaded or built."""

from __future__ import annotations


class ModelUnavailable(Exception):
    """The encoder cannot be had.

    `model` is what was asked for. `reason` is one of package_missing (the package that holds the
    bundled model is not installed), package_unknown (it holds another file than this program
    reads), folder_unusable (the model's folder cannot be read or written, or the disk is full),
    not_loadable (sentence-transformers cannot load it). `detail` is the technical cause.
    """

    def __init__(self, model: str, reason: str, detail: str) -> None:
        """Keep the facts."""
        super().__init__(f"{model}: {reason}: {detail}")
        self.model = model
        self.reason = reason
        self.detail = detail
