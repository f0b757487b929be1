"""Credentials in running text: private keys, tokens by their form, and values beside their name.

Forms of tokens are those their issuers have published (GitHub, GitLab, Slack, AWS, Google, OpenAI,
Anthropic, Stripe, SendGrid, npm, PyPI, Hugging Face, Alibaba Cloud, Tencent Cloud, DingTalk, WeCom,
Lark; RFC 7468 for keys, RFC 7519 for JWT).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from indexing.sensitive.finding import Finding, Kind
from indexing.sensitive.values import is_example, is_password, is_token

_LONGEST_KEY = 20_000
# Recognised dashes may be fewer than were printed.
_KEY = re.compile(
    r"-{2,5} ?BEGIN (?:[A-Z0-9]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)? ?-{2,5}"
    r"|PuTTY-User-Key-File-\d:"
)
_KEY_END = re.compile(
    r"-{2,5} ?END (?:[A-Z0-9]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)? ?-{2,5}|Private-MAC: ?\w+"
)
_KEY_BODY = re.compile(r"[A-Za-z0-9+/=]{20}")
_KEY_HEAD = 400

_TOKEN = re.compile(
    r"""(?<![0-9A-Za-z_])(?:
    (?:AKIA|ASIA)[A-Z0-9]{16}
    | gh[pousr]_[A-Za-z0-9]{36,255} | github_pat_[A-Za-z0-9_]{40,255}
    | gl(?:pat|dt|rt|ptt|soat)-[A-Za-z0-9_-]{20,64}
    | xox[abeoprs]-[A-Za-z0-9-]{10,250} | xapp-\d-[A-Za-z0-9-]{20,250}
    | AIza[A-Za-z0-9_-]{35} | GOCSPX-[A-Za-z0-9_-]{28} | ya29\.[A-Za-z0-9_-]{20,400}
    | sk-(?:(?:proj|svcacct|admin|ant-api\d\d|or-v1)-)?[A-Za-z0-9_-]{20,200}
    | [srp]k_(?:live|test)_[A-Za-z0-9]{16,120}
    | SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}
    | npm_[A-Za-z0-9]{36} | pypi-AgE[A-Za-z0-9_-]{50,300} | hf_[A-Za-z0-9]{34}
    | LTAI[A-Za-z0-9]{12,26} | AKID[A-Za-z0-9]{28,36}
    | eyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{4,4000}\.[A-Za-z0-9_-]{16,1000}
    | AGE-SECRET-KEY-1[0-9A-Z]{58}
    | \d{8,10}:AA[A-Za-z0-9_-]{33}
    )(?![0-9A-Za-z])
    | AccountKey=[A-Za-z0-9+/]{86}==
    | (?<=access_token=)[0-9a-f]{64}(?![0-9a-f])
    | (?<=webhook/send\?key=)[0-9a-f-]{36}
    | (?<=open-apis/bot/v2/hook/)[0-9a-f-]{36}
    | (?<=hooks\.slack\.com/services/)T[A-Z0-9]{6,12}/B[A-Z0-9]{6,12}/[A-Za-z0-9]{20,28}
    """,
    re.VERBOSE,
)
_IN_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}://[^\s:/@'\"<>]{0,64}:(?P<value>[^\s@/'\"<>]{3,128})@"
)

_QUOTE = r"[\"'`“”‘’「]?"
# «(initial)», «（初始）»: what kind of password it is.
_MEANING = r"(?:[(（\[][^)）\]\n]{0,16}[)）\]])?"
_PASSWORD = re.compile(
    rf"""(?:
        (?P<zh>密[ ]?码|密碼|口令)
        | (?<![0-9])(?:pass[ ]?word|passwd|passphrase|passcode|(?<![a-z])(?:pwd|pass|pw))(?![a-z])
    )
    {_QUOTE}[ ]{{0,3}}{_MEANING}{_QUOTE}
    (?P<between>
        [ ]?[:=>][ ]?\n?
        | (?:统一|都|均|默认|暂时|现在|已|一律)?(?:改为|改成|设为|重置为|是|为|叫)[ ]?:?
        | [ \n]
    )
    [ ]{{0,8}}{_QUOTE}(?P<value>[!-~]{{3,129}})""",
    re.VERBOSE | re.IGNORECASE,
)
_ENGLISH_IS = re.compile(
    rf"""(?:password|passphrase|passcode)(?:[ ]for[ ][\w .-]{{1,30}}?)?
    [ ](?:is(?:[ ]now)?|was|(?:set|changed|reset)[ ]to)[ ]?:?[ ]?
    {_QUOTE}(?P<value>[!-~]{{4,129}})""",
    re.VERBOSE | re.IGNORECASE,
)
_LABELLED_TOKEN = re.compile(
    rf"""(?:
        密钥|秘钥|密鑰|令牌|授权码
        | (?:api|access|secret|private|encryption|signing)[_ -]?(?:access[_ -]?)?key
          (?:[_ -]?secret)?
        | (?:app|client|access[_ -]?key|aes|corp)[_ -]?secret | (?<![a-z])secret
        | (?:access|auth|bearer|refresh|api|personal|bot)[_ -]?token | (?<![a-z])token
        | EncodingAESKey | credentials?
    )
    {_QUOTE}[ ]{{0,3}}{_MEANING}{_QUOTE}
    (?:[ ]?[:=>][ ]?\n?|[ ]?[是为][ ]?|[ ](?:is|was)[ ])
    [ ]{{0,4}}{_QUOTE}(?:Bearer[ ])?
    (?P<value>[A-Za-z0-9+/_=.~-]{{12,512}})""",
    re.VERBOSE | re.IGNORECASE,
)
# A value ends where code or a sentence goes on.
_ENDS = re.compile(r"[<\"'`]|[,;](?=\s|$)|[.,;:)\]}]+$")


def credentials(text: str) -> Iterator[Finding]:
    """Yield the credentials of a text in its plain form, those of each kind in their order."""
    yield from _private_keys(text)
    for match in _TOKEN.finditer(text):
        if not is_example(match[0]):
            yield Finding(Kind.ACCESS_TOKEN, *match.span())
    for match in _LABELLED_TOKEN.finditer(text):
        start, value = _value(match)
        if is_token(value) and not is_example(value):
            yield Finding(Kind.ACCESS_TOKEN, start, start + len(value))
    yield from _passwords(text)


def _private_keys(text: str) -> Iterator[Finding]:
    """Yield keys from first line to last; a first line without a key is talk about keys."""
    for match in _KEY.finditer(text):
        end = _KEY_END.search(text, match.end(), match.end() + _LONGEST_KEY)
        upto = end.start() if end else min(len(text), match.end() + _KEY_HEAD)
        if _KEY_BODY.search(text, match.end(), upto):
            yield Finding(Kind.PRIVATE_KEY, match.start(), end.end() if end else upto)


def _passwords(text: str) -> Iterator[Finding]:
    for match in _IN_ADDRESS.finditer(text):
        start, value = _value(match)
        if is_password(value):
            yield Finding(Kind.PASSWORD, start, start + len(value))
    for match in _PASSWORD.finditer(text):
        start, value = _value(match)
        labelled = bool(match["between"].strip())
        if is_password(
            value, _after(text, start + len(value)), labelled=labelled, chinese=bool(match["zh"])
        ):
            yield Finding(Kind.PASSWORD, start, start + len(value))
    for match in _ENGLISH_IS.finditer(text):
        start, value = _value(match)
        if is_password(value, labelled=False):
            yield Finding(Kind.PASSWORD, start, start + len(value))


def _value(match: re.Match[str]) -> tuple[int, str]:
    """Where the value stands and the value, without what closes a quotation or a sentence."""
    value = match["value"]
    end = _ENDS.search(value, 1)
    return match.start("value"), value[: end.start()] if end else value


def _after(text: str, end: int) -> str:
    return text[end : end + 24].partition("\n")[0]
