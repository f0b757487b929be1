"""What is shown of a finding: enough to know it again, never the thing itself."""

from __future__ import annotations

import pytest

from indexing.sensitive import Kind, excerpt, find
from indexing.sensitive.masking import masked

DOTS = "•" * 6


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Kind.PASSWORD, "Abc@123456", f"A{DOTS}"),
        (Kind.PASSWORD, "ab", DOTS),
        (Kind.ACCESS_TOKEN, "ghp_a1B2c3D4e5F6", f"ghp_{DOTS}"),
        (Kind.PRIVATE_KEY, "-----BEGIN PRIVATE KEY-----", DOTS),
        (Kind.IDENTITY_NUMBER, "11010519491231002X", f"110{DOTS}2X"),
        (Kind.BANK_CARD, "4111111111111111", f"{DOTS}1111"),
        (Kind.MOBILE_NUMBER, "13800138000", f"138{DOTS}00"),
    ],
)
def test_the_middle_is_covered(kind: Kind, value: str, shown: str) -> None:
    assert masked(value, kind) == shown


def test_the_line_around_it_covers_its_neighbours() -> None:
    text = "第一行\n账号 wang 密码：Abc@123456 电话 13800138000\n第三行"
    password, mobile = find(text)
    shown = excerpt(text, password, [password, mobile])
    assert (shown.before, shown.masked) == ("账号 wang 密码：", f"A{DOTS}")
    assert shown.after == f" 电话 138{DOTS}00"


def test_a_long_line_is_shortened_and_a_neighbour_half_in_it_stays_covered() -> None:
    text = "字" * 60 + "密码：Abc@123456" + "字" * 35 + "13800138000" + "字" * 60
    password, mobile = find(text)
    shown = excerpt(text, password, [password, mobile])
    assert shown.before.startswith("…字")
    assert "13800" not in shown.after
    assert shown.after.endswith("…")
