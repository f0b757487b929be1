"""The endpoint that writes answers: what is sent, and every way it can fail."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexing.writing import Message
from portal.answer_endpoint import Endpoint
from portal.cli.check import State, answers
from portal.cli.settings import value_list
from portal.errors import NotReady
from portal.settings import Settings, SettingsError
from tests.fake_model import FakeModel, running

ASKED = [Message("system", "rules"), Message("user", "passages 问题")]


@pytest.fixture
def model() -> Iterator[FakeModel]:
    with running() as made:
        yield made


def endpoint(model: FakeModel, seconds: float = 5.0, key: str | None = None) -> Endpoint:
    return Endpoint(model.address, "small", key, seconds)


def test_messages_go_there_and_the_content_comes_back(model: FakeModel) -> None:
    model.answer = "每月五日[1]。"
    assert endpoint(model, key="k-1").write(ASKED) == "每月五日[1]。"
    (sent,) = model.requests
    assert (sent["model"], sent["stream"], sent["temperature"]) == ("small", False, 0)
    assert sent["messages"] == [
        {"role": "system", "content": "rules"},
        {"role": "user", "content": "passages 问题"},
    ]
    assert model.keys == ["Bearer k-1"]
    model.answer = None
    assert endpoint(model).write(ASKED) == ""
    assert model.keys[1] is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": 401}, "answer_endpoint_refused"),
        ({"status": 404}, "answer_endpoint_refused"),
        ({"status": 500}, "answer_endpoint_refused"),
        ({"status": 429}, "answer_busy"),
        ({"body": b"<html>"}, "answer_unreadable"),
        ({"body": b"[]"}, "answer_unreadable"),
        ({"body": b'{"choices": []}'}, "answer_unreadable"),
        ({"body": b'{"choices": [{"message": null}]}'}, "answer_unreadable"),
        ({"answer": ["a list"]}, "answer_unreadable"),
        ({"body": b" " * 1_100_000}, "answer_unreadable"),
        ({"seconds": 0.6}, "answer_too_late"),
    ],
)
def test_every_failure_has_its_name(model: FakeModel, change: dict[str, object], code: str) -> None:
    for name, value in change.items():
        setattr(model, name, value)
    with pytest.raises(NotReady) as raised:
        endpoint(model, seconds=0.3 if code == "answer_too_late" else 5.0).write(ASKED)
    assert raised.value.code == code


def test_a_redirect_is_not_followed(model: FakeModel) -> None:
    with running() as other:
        model.status, model.location = 307, f"{other.address}/chat/completions"
        with pytest.raises(NotReady):
            endpoint(model, key="k").write(ASKED)
        assert other.requests == []


def test_what_is_away_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(NotReady) as raised:
            Endpoint(address, "m", None, 5.0).write(ASKED)
        assert (raised.value.code, raised.value.facts) == (
            "answer_endpoint_away", {"host": "127.0.0.1"},
        )  # fmt: skip
        found = answers(Settings(data_folder=tmp_path, answer_url=address, answer_model="m"))
    assert found.state is State.WARN
    assert address in found.text


def test_doctor_says_where_text_goes(tmp_path: Path, model: FakeModel) -> None:
    off = answers(Settings(data_folder=tmp_path))
    assert (off.state, "no text leaves" in off.text) == (State.OK, True)
    settings = Settings(data_folder=tmp_path, answer_url=model.address, answer_model="small")
    on = answers(settings)
    assert (on.state, on.text) == (
        State.OK, f"«small» writes them when asked; passages go to {model.address}",
    )  # fmt: skip
    model.status = 401
    assert answers(settings).state is State.WARN
    assert model.requests == []


def test_settings_name_the_model_and_hide_the_key() -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({"HANDOVER_ANSWER_URL": "http://localhost:1/v1"})
    assert raised.value.key == "HANDOVER_ANSWER_MODEL"
    with pytest.raises(SettingsError):
        Settings.from_environment({"HANDOVER_ANSWER_URL": "ftp://localhost"})
    settings = Settings.from_environment(
        {
            "HANDOVER_ANSWER_URL": "https://models.example/v1/",
            "HANDOVER_ANSWER_MODEL": "m",
            "HANDOVER_ANSWER_KEY": "very-secret",
        }
    )
    made = Endpoint.of(settings)
    assert made is not None
    assert (made.address, made.host, made.private) == (
        "https://models.example/v1", "models.example", True,
    )  # fmt: skip
    for text in (value_list(settings), repr(settings), repr(made)):
        assert "very-secret" not in text
    assert Endpoint.of(Settings()) is None
