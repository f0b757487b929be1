"""How well the guard finds what was planted, and what it takes for a secret that is none.

    .venv/bin/python benchmarks/sensitive.py --background FOLDER/corpus.jsonl ...

Background: passages of public question sets in BEIR layout, Chinese and English, which hold no
secrets. Into every tenth of them one sentence with a made-up value is planted, and into another
tenth one that only looks like it (a rule about passwords, an order number, a broken check digit).
Precision counts every finding that was not planted as wrong; recall is the share of planted values
found at their place with their kind.
"""

from __future__ import annotations

import argparse
import json
import random
import string
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from indexing.sensitive import Finding, Kind, find
from indexing.sensitive.numbers import luhn

DIGITS = string.digits
LETTERS = string.ascii_letters + DIGITS


def identity(choice: random.Random) -> str:
    """Return an identity number with a right check character (GB 11643)."""
    born = f"{choice.randint(1950, 2005)}{choice.randint(1, 12):02}{choice.randint(1, 28):02}"
    body = f"{choice.choice(('110105', '310104', '440305', '510107'))}{born}"
    body += f"{choice.randint(0, 999):03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))
    return body + "10X98765432"[total % 11]


def card(choice: random.Random) -> str:
    """Return a card number with a right check digit (Luhn)."""
    body = choice.choice(("621700", "622848", "4392", "5218"))
    length = 19 if body.startswith("62") else 16
    body += "".join(choice.choices(DIGITS, k=length - 1 - len(body)))
    return next(body + digit for digit in DIGITS if luhn(body + digit))


def password(choice: random.Random) -> str:
    """Return a password as people make them: random, or a word with digits."""
    if choice.random() < 0.5:
        return "".join(choice.choices(LETTERS + "#@!%_", k=choice.randint(8, 14))) + "7a"
    return (
        choice.choice(("Huawei", "admin", "Sales", "qwer")) + str(choice.randint(100, 2026)) + "#"
    )


def token(choice: random.Random) -> str:
    """Return a token in a form its issuer has published."""
    prefix, length = choice.choice((("ghp_", 36), ("AKIA", 16), ("glpat-", 20), ("hf_", 34)))
    alphabet = string.ascii_uppercase + DIGITS if prefix == "AKIA" else LETTERS
    return prefix + "".join(choice.choices(alphabet, k=length))


def mobile(choice: random.Random) -> str:
    """Return a mobile number of the mainland."""
    return choice.choice(("138", "159", "186", "177")) + "".join(choice.choices(DIGITS, k=8))


VALUES: dict[Kind, Callable[[random.Random], str]] = {
    Kind.PASSWORD: password,
    Kind.ACCESS_TOKEN: token,
    Kind.IDENTITY_NUMBER: identity,
    Kind.BANK_CARD: card,
    Kind.MOBILE_NUMBER: mobile,
}
SENTENCES: dict[Kind, tuple[str, ...]] = {
    Kind.PASSWORD: (
        "登录密码：{}",
        "口令是 {}，请勿外传。",
        "账号 admin 密码 {}",
        "The password is {}",
        "password: {}",
        "pwd={}",
    ),
    Kind.ACCESS_TOKEN: ("部署用的令牌 {}", "token: {}", "export KEY={}", "See {} in the pipeline."),
    Kind.IDENTITY_NUMBER: ("身份证号：{}", "本人 {} 委托王某办理。", "ID number {}"),
    Kind.BANK_CARD: ("工资卡 {}", "请汇到 {}（招商银行）", "Card number: {}"),
    Kind.MOBILE_NUMBER: ("手机：{}", "联系人王经理 {}", "Call me at {}"),
}
LOOKALIKES = (
    "密码长度不少于 8 位，每 90 天更换一次。",
    "密码：见保险库 sales/crm",
    "忘记密码请联系 IT。",
    "Password: required, at least 12 characters.",
    "password = os.environ['DB_PASSWORD']",
    "token = <your-token>",
    "订单号 {digits18}",
    "流水号：{digits19}",
    "合同编号 {digits11}",
    "总价 1380013800 元",
    "SHA-256: {hex64}",
    "版本 1.2.3.4，发布于 2024-01-01",
)


def lookalike(choice: random.Random) -> str:
    """Return a sentence without a secret that looks like one with it."""
    fill = {f"digits{n}": "".join(choice.choices(DIGITS, k=n)) for n in (11, 18, 19)}
    fill["hex64"] = "".join(choice.choices("0123456789abcdef", k=64))
    return choice.choice(LOOKALIKES).format(**fill)


def main() -> None:
    """Print precision and recall of each kind."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--background", nargs="+", type=Path, required=True, help="corpus.jsonl")
    parser.add_argument("--passages", type=int, default=10_000, help="passages of each corpus")
    options = parser.parse_args()
    tally = Tally()
    choice = random.Random(11)
    for path in options.background:
        with path.open(encoding="utf-8") as lines:
            texts = [json.loads(line)["text"] for line in lines][: options.passages]
        for number, text in enumerate(texts):
            tally.look(*planted(text, number % 10, choice))
    print(tally.table())
    print(f"\n{tally.characters:,} characters of {len(options.background)} corpora.")


def planted(text: str, turn: int, choice: random.Random) -> tuple[str, Finding | None]:
    """Return the passage with something planted in the turns 0 and 1, and what is to be found."""
    if turn == 1:
        return f"{text}\n{lookalike(choice)}\n", None
    if turn:
        return text, None
    kind = choice.choice(list(VALUES))
    value = VALUES[kind](choice)
    sentence = choice.choice(SENTENCES[kind]).format(value)
    whole = f"{text}\n{sentence}\n{text[:80]}"
    start = whole.index(value, len(text) + 1)
    return whole, Finding(kind, start, start + len(value))


@dataclass
class Tally:
    """What was planted, found where it was planted, and found elsewhere."""

    planted: Counter[Kind] = field(default_factory=Counter)
    right: Counter[Kind] = field(default_factory=Counter)
    wrong: Counter[Kind] = field(default_factory=Counter)
    characters: int = 0

    def look(self, text: str, wanted: Finding | None) -> None:
        """Look through one passage."""
        self.characters += len(text)
        if wanted:
            self.planted[wanted.kind] += 1
        for found in find(text):
            overlaps = wanted and found.start < wanted.end and wanted.start < found.end
            if not overlaps:
                self.wrong[found.kind] += 1
            elif wanted and found.kind is wanted.kind:
                self.right[found.kind] += 1

    def table(self) -> str:
        """The figures as a table."""
        lines = [
            "| kind | planted | recall | found wrongly | precision |",
            "| --- | ---: | ---: | ---: | ---: |",
        ]
        for kind in VALUES:
            right, wrong, count = self.right[kind], self.wrong[kind], self.planted[kind]
            recall, precision = right / max(1, count), right / max(1, right + wrong)
            lines.append(f"| {kind.value} | {count:,} | {recall:.3f} | {wrong} | {precision:.3f} |")
        return "\n".join(lines)


if __name__ == "__main__":
    main()
