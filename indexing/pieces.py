"""Text to the bundled model's token ids."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers

from indexing.packed_model import Vocabulary

PIECES_FILE, CHARACTERS_FILE = "pieces.json", "characters.json"

_SPACES = re.compile(" {2,}")
# Characters read of one text for encoding. The model sees 512 tokens of at most 16 characters, so
# what lies behind is never part of it.
_LONGEST = 512 * 17


class PieceTokenizer:
    """The unigram tokenizer; any number of threads may use it at once."""

    def __init__(self, tokenizer: Tokenizer, facts: dict[str, object]) -> None:
        """Use `of` or `load`."""
        self._tokenizer = tokenizer
        self._facts = facts
        ids = {name: int(str(facts[name])) for name in ("begin", "end", "padding", "limit")}
        self.begin, self.end, self.padding, self.limit = ids.values()
        characters = facts["characters"]
        assert isinstance(characters, dict)
        self._characters = {int(code): str(text) for code, text in characters.items()}

    @classmethod
    def of(cls, vocabulary: Vocabulary, limit: int) -> PieceTokenizer:
        """Make the tokenizer of a vocabulary for a model that reads `limit` tokens."""
        # Without their names in the list no text can spell «end of text» or «mask».
        marks = {vocabulary.begin, vocabulary.end, vocabulary.padding, vocabulary.unknown}
        pieces = [
            (f"\0{text}" if number in marks or text == "<mask>" else text, score)
            for number, (text, score) in enumerate(vocabulary.pieces)
        ]
        tokenizer = Tokenizer(models.Unigram(pieces, vocabulary.unknown, False))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        facts: dict[str, object] = {
            "begin": vocabulary.begin,
            "end": vocabulary.end,
            "padding": vocabulary.padding,
            "limit": limit,
            "characters": {str(code): text for code, text in vocabulary.characters.items()},
        }
        return cls(tokenizer, facts)

    @classmethod
    def load(cls, folder: Path) -> PieceTokenizer:
        """Read what `save` wrote. Raises OSError; ValueError or KeyError on anything else."""
        facts = json.loads((folder / CHARACTERS_FILE).read_bytes())
        tokenizer = Tokenizer.from_buffer((folder / PIECES_FILE).read_bytes())
        return cls(tokenizer, facts)

    def save(self, folder: Path) -> None:
        """Write two files into the folder. Raises OSError."""
        (folder / PIECES_FILE).write_text(self._tokenizer.to_str(), "utf-8")
        (folder / CHARACTERS_FILE).write_text(json.dumps(self._facts), "utf-8")

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text between begin and end, at most `limit` of them."""
        plain = [self._plain(text[:_LONGEST]) for text in texts]
        found = self._tokenizer.encode_batch(plain, add_special_tokens=False)
        return [[self.begin, *each.ids[: self.limit - 2], self.end] for each in found]

    def count(self, text: str) -> int:
        """Return how many tokens a text has, begin and end apart, however long it is."""
        return len(self._tokenizer.encode(self._plain(text), add_special_tokens=False).ids)

    def _plain(self, text: str) -> str:
        # The model's own table is by single characters, so é must be one before it is looked up.
        composed = unicodedata.normalize("NFC", text).translate(self._characters)
        return _SPACES.sub(" ", composed).strip()
