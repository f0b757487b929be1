"""What runs over the edge of a block: paragraphs of Word, lines that were recognised."""

from __future__ import annotations

import pytest

from indexing.sensitive import find_in_blocks

KEY = [
    "-----BEGIN RSA PRIVATE KEY-----",
    "MIIEpAIBAAKCAQEA7bq2l3hXy9zQvKfJmTn0pWcRuYdGsLxEoA1iB5kN8jZ4tVg6",
    "-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        (["密钥如下", *KEY], [(1, "private_key", 0, len(KEY[0]))]),
        (["登录密码", "Abc@12345"], [(1, "password", 0, 9)]),
        (["一", "密码：Abc@12345", "完"], [(1, "password", 3, 12)]),
        (["账号 | 密码\nwang | Abc@123", "型号 | 编号\nR730 | Abc@456"], [(0, "password", 15, 22)]),
        (["1380013", "8000"], []),
        ([], []),
        (["", ""], []),
    ],
)  # fmt: skip
def test_blocks_are_one_text(blocks: list[str], expected: list[tuple[int, str, int, int]]) -> None:
    found = [(n, one.kind.value, one.start, one.end) for n, one in find_in_blocks(blocks)]
    assert found == expected
