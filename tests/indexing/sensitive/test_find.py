"""Texts and what is found in them; as many that look alike and hold nothing."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from indexing.sensitive import find

WIDE = "１１０１０５１９４９１２３１００２Ｘ"
GITHUB = "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ3YW5nIn0.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk"
PEM = """-----BEGIN RSA PRIVATE KEY-----
MIIEpAIBAAKCAQEA7bq2l3hXy9zQvKfJmTn0pWcRuYdGsLxEoA1iB5kN8jZ4tVg6
-----END RSA PRIVATE KEY-----"""

FOUND = [
    ("服务器密码：Abc@123456，请勿外传", "password", "Abc@123456"),
    ("登录口令: huawei@2024。", "password", "huawei@2024"),
    ("密码：123456", "password", "123456"),
    ("密 码：qwe123", "password", "qwe123"),
    ("密码 Abc@1234", "password", "Abc@1234"),
    ("用户名：admin 密码：admin", "password", "admin"),
    ("账号/密码：wang/Abc@123", "password", "wang/Abc@123"),
    ("WiFi密码（访客）：guest2024", "password", "guest2024"),
    ("初始密码统一为 Init@2024 首次登录修改", "password", "Init@2024"),
    ("密码改为:Xy12345678", "password", "Xy12345678"),
    ("密码\nAbc12345", "password", "Abc12345"),
    ("密码：Ａｂｃ１２３４５", "password", "Ａｂｃ１２３４５"),
    ("db.password=s3cr3t!x", "password", "s3cr3t!x"),
    ('"password": "Abc123!",', "password", "Abc123!"),
    ("<password>Abc123</password>", "password", "Abc123"),
    ("Password: swordfish", "password", "swordfish"),
    ("The password for the router is Tr0ub4dor&3.", "password", "Tr0ub4dor&3"),
    ("mysql://root:Pa55w0rd@10.0.0.1:3306/crm", "password", "Pa55w0rd"),
    ("系统 | 账号 | 密码\nCRM | wang | Abc@123", "password", "Abc@123"),
    ("系统 | CRM\n密码 | Qwer1234", "password", "Qwer1234"),
    (f"密钥如下：\n{PEM}\n请保管", "private_key", PEM),
    (f"git clone https://{GITHUB}@github.com/x/y", "access_token", GITHUB),
    ("AccessKeyId: LTAI5tFqZ8mN3kVbX7cYpR2w", "access_token", "LTAI5tFqZ8mN3kVbX7cYpR2w"),
    (f"Authorization: Bearer {JWT}", "access_token", JWT),
    ("AppSecret：9f86d081884c7d659a2feaa0c5", "access_token", "9f86d081884c7d659a2feaa0c5"),
    ("邮箱授权码：mzkqhvtwbxrlcpda", "access_token", "mzkqhvtwbxrlcpda"),
    ("身份证号：11010519491231002X", "identity_number", "11010519491231002X"),
    ("身份证 110105 19491231 002X", "identity_number", "110105 19491231 002X"),
    (f"证件{WIDE}有效", "identity_number", WIDE),
    ("编号5 11010519491231002x", "identity_number", "11010519491231002x"),
    ("扫描件：11O1O5194912310O2X", "identity_number", "11O1O5194912310O2X"),
    ("扫描件：11O105194912310O2X", "identity_number", "11O105194912310O2X"),
    ("卡号 4111 1111 1111 1111", "bank_card", "4111 1111 1111 1111"),
    ("Card: 5555-5555-5555-4444", "bank_card", "5555-5555-5555-4444"),
    ("工资卡6217000010001234569已开通", "bank_card", "6217000010001234569"),
    ("手机：138 0013 8000", "mobile_number", "138 0013 8000"),
    ("联系电话+86-13800138000。", "mobile_number", "13800138000"),
    ("王工１３８００１３８０００", "mobile_number", "１３８００１３８０００"),
]  # fmt: skip
NOTHING = [
    "密码长度不少于8位，且包含大小写字母",
    "密码：至少8个字符",
    "密码：8-16位",
    "密码:6位数字",
    "密码为 SHA256 加密后保存",
    "密码：见附件",
    "密码: ******",
    "密码修改日期：2024-01-01",
    "密码：2024-01-01",
    "忘记密码？请联系 IT01",
    "密码规则 | 至少8位\n有效期 | 90天",
    "是否修改密码 | Yes123\n其他 | No",
    "password: <password>",
    "password = ${DB_PASSWORD}",
    "password = os.environ['DB_PASSWORD']",
    "password: vault://kv/crm",
    "DB_PASSWORD=DB_PASSWORD",
    "Password: required",
    "Password must be at least 8 characters",
    "Forgot password? Contact the help desk on 4455",
    "the line -----BEGIN PRIVATE KEY----- begins a key",
    "AKIAIOSFODNN7EXAMPLE",
    "token: your_token_goes_here",
    "max_tokens: 4096, refresh_token_lifetime: thirty_days_in_all",
    "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "身份证号：110105194912310021",
    "身份证号：11010519491331002X",
    "身份证号：99010519491231002X",
    "订单号：4111111111111111",
    "4111111111111112",
    "https://help.example.com/articles/4111111111111111-Copy",
    "https://example.com/o/office-13800138000",
    "订单编号 13800138000",
    "金额 ¥13800138000，共 13800138000元",
    "坐标 0.13800138000",
    "12345678901234567890123",
    "电话 010-62345678，分机 8001",
    "时间戳 1700000000000",
    "",
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "value"), FOUND)
def test_is_found_where_it_stands(text: str, kind: str, value: str) -> None:
    assert [(one.kind.value, text[one.start : one.end]) for one in find(text)] == [(kind, value)]


@pytest.mark.parametrize("text", NOTHING)
def test_looks_alike_and_is_nothing(text: str) -> None:
    assert [(one.kind.value, text[one.start : one.end]) for one in find(text)] == []


def test_of_two_at_one_place_one_is_told() -> None:
    text = f"password={GITHUB} 密码：13800138000"
    assert [one.kind.value for one in find(text)] == ["access_token", "password"]


def test_places_ascend_and_do_not_overlap() -> None:
    text = "\n".join(row[0] for row in FOUND)
    found = find(text)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert len(found) >= len(FOUND)


@pytest.mark.parametrize(
    "text",
    ["1 ", "密码", "password ", "-", "eyJ", "a://", "secret_key", "密码（"],
)
def test_hostile_text_takes_no_longer_than_other_text(text: str) -> None:
    long = text * (100_000 // len(text))
    begin = time.process_time()
    find(long)
    assert time.process_time() - begin < 3
