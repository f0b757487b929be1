from __future__ import annotations

import dataclasses
import importlib.util
import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.cli.settings import markdown_table, value_list
from portal.secret_file import read_or_create_secret
from portal.setting_parsers import without_password
from portal.settings import GIB, MIB, Settings, SettingsError, environment_key

ROOT = Path(__file__).parents[2]
KEYS = [environment_key(field.name) for field in dataclasses.fields(Settings)]

GOOD = [
    ("HANDOVER_LISTEN_PORT", "9000", 9000),
    ("HANDOVER_LISTEN_PORT", " 9000 ", 9000),
    ("HANDOVER_LISTEN_PORT", "", 8000),
    (
        "HANDOVER_DATABASE_URL",
        "postgresql+psycopg://a:b@db/portal",
        "postgresql+psycopg://a:b@db/portal",
    ),
    ("HANDOVER_BROKER_URL", "embedded", "embedded"),
    ("HANDOVER_BROKER_URL", "amqp://broker//", "amqp://broker//"),
    ("HANDOVER_BLOB_STORE", "s3://bucket/prefix", "s3://bucket/prefix"),
    ("HANDOVER_INDEX", "milvus+http://host:19530", "milvus+http://host:19530"),
    ("HANDOVER_BLOB_STORE", "/srv/blobs", "/srv/blobs"),
    ("HANDOVER_UPLOAD_LIMIT_BYTES", "1048576", MIB),
    ("HANDOVER_UPLOAD_LIMIT_BYTES", "3GiB", 3 * GIB),
    ("HANDOVER_UPLOAD_LIMIT_BYTES", "512 MiB", 512 * MIB),
    ("HANDOVER_READING_SECONDS", "1.5", 1.5),
    ("HANDOVER_BEHIND_TLS", "yes", True),
    ("HANDOVER_BEHIND_TLS", "Off", False),
    ("HANDOVER_ENCODER_THREADS", "2", 2),
    ("HANDOVER_ENCODER_THREADS", "", None),
    ("HANDOVER_TIME_ZONE", "Europe/Berlin", "Europe/Berlin"),
    ("HANDOVER_DEFAULT_LANGUAGE", "en", "en"),
    ("HANDOVER_INDEX_FOLDER", "/srv/index", Path("/srv/index")),
    ("HANDOVER_SECRET_KEY", "k" * 32, "k" * 32),
]


@pytest.mark.parametrize(("key", "text", "value"), GOOD)
def test_good_value(key: str, text: str, value: object) -> None:
    settings = Settings.from_environment({key: text, "PATH": "/bin"})
    assert getattr(settings, key.removeprefix("HANDOVER_").lower()) == value


BAD = [
    ("HANDOVER_LISTEN_PORT", "http", "must be a whole number"),
    ("HANDOVER_LISTEN_PORT", "80.5", "must be a whole number"),
    ("HANDOVER_LISTEN_PORT", "0", "must be between 1 and 65535"),
    ("HANDOVER_LISTEN_PORT", "70000", "must be between 1 and 65535"),
    ("HANDOVER_DATABASE_URL", "mysql://a:topsecret@db/x", "must start with sqlite://"),
    ("HANDOVER_BROKER_URL", "kafka://x", "or be the word embedded"),
    ("HANDOVER_BLOB_STORE", "ftp://x/y", "must be a folder or s3://bucket/prefix"),
    ("HANDOVER_BLOB_STORE", "s3://", "must be a folder or s3://bucket/prefix"),
    ("HANDOVER_INDEX", "milvus://host", "must start with milvus+http://"),
    ("HANDOVER_UPLOAD_LIMIT_BYTES", "2 GB", "must be a number of bytes"),
    ("HANDOVER_UPLOAD_LIMIT_BYTES", "-1", "must be a number of bytes"),
    ("HANDOVER_READING_SECONDS", "two", "must be a number of seconds"),
    ("HANDOVER_READING_SECONDS", "0", "must be between 1 and 86400 seconds"),
    ("HANDOVER_DATA_FOLDER", "~nobody-here/data", "a user unknown here"),
    ("HANDOVER_BEHIND_TLS", "perhaps", "must be yes or no"),
    ("HANDOVER_TIME_ZONE", "Asia/Shangri-La", "no time zone known here"),
    ("HANDOVER_TIME_ZONE", "../../etc/passwd", "no time zone known here"),
    ("HANDOVER_DEFAULT_LANGUAGE", "fr", "must be one of zh_CN, en"),
    ("HANDOVER_LOG_LEVEL", "info", "must be one of DEBUG, INFO"),
    ("HANDOVER_SECRET_KEY", "topsecret", "must have at least 32 characters"),
]


@pytest.mark.parametrize(("key", "text", "reason"), BAD)
def test_bad_value_is_one_sentence_that_names_the_key_and_keeps_secrets(
    key: str, text: str, reason: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({key: text})
    sentence = str(caught.value)
    assert sentence.startswith(f"{key}: the value ")
    assert reason in sentence
    assert "\n" not in sentence
    assert "topsecret" not in sentence


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("HANDOVER_LISTEN_PROT", "did you mean HANDOVER_LISTEN_PORT?"),
        ("HANDOVER_BROKER", "did you mean HANDOVER_BROKER_URL?"),
        ("HANDOVER_XYZZY_PLUGH", "`handover settings` lists"),
    ],
)
def test_unknown_key_suggests_the_nearest(key: str, hint: str) -> None:
    with pytest.raises(SettingsError, match="there is no such setting") as caught:
        Settings.from_environment({key: "1"})
    assert caught.value.key == key
    assert hint in caught.value.reason


def test_milvus_needs_its_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"HANDOVER_INDEX": "milvus+https://me:hidden@host"})
    assert "pip install 'handover-portal[milvus]'" in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_defaults_lie_in_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data_folder=tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path}/portal.sqlite"
    assert settings.blob_store == str(tmp_path / "blobs")
    assert settings.model_folder == tmp_path / "model"
    assert settings.index_folder == tmp_path / "index"
    assert str(settings.zone) == "Asia/Shanghai"


def test_relative_data_folder_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.from_environment({}).data_folder == tmp_path / "data"


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=20))
def test_any_text_is_a_value_or_one_plain_sentence(text: str) -> None:
    for key in KEYS:
        try:
            Settings.from_environment({key: text})
        except SettingsError as error:
            assert error.key == key


def test_settings_never_show_what_they_must_keep() -> None:
    settings = Settings(
        secret_key="k" * 40,
        database_url="postgresql+psycopg://a:hunter2@db/x",
        broker_url="redis://:pw1@b",
    )
    for shown in (repr(settings), value_list(settings)):
        assert "hunter2" not in shown
        assert "pw1" not in shown
        assert "kkkk" not in shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("redis://:pw@b:6379/0", "redis://:***@b:6379/0"),
        ("postgresql+psycopg://u:pw@h/d", "postgresql+psycopg://u:***@h/d"),
        ("sqlite:////srv/portal.sqlite", "sqlite:////srv/portal.sqlite"),
        ("embedded", "embedded"),
    ],
)
def test_without_password(address: str, shown: str) -> None:
    assert without_password(address) == shown


def test_every_setting_has_meaning_and_unit() -> None:
    for field in dataclasses.fields(Settings):
        assert field.metadata["meaning"].endswith((".", "`.")), field.name
        assert field.metadata["unit"], field.name
        assert field.default is not dataclasses.MISSING, field.name


def test_configuration_page_holds_exactly_the_table() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert markdown_table() in page
    assert page.count("| `HANDOVER_") == len(KEYS)


def test_secret_is_made_once_and_private(tmp_path: Path) -> None:
    settings = Settings(data_folder=tmp_path / "data")
    first = settings.signing_key()
    assert len(first) == 64
    assert settings.signing_key() == first
    assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600
    assert os.listdir(tmp_path / "data") == ["secret_key"]


def test_given_secret_wins_and_writes_nothing(tmp_path: Path) -> None:
    assert Settings(data_folder=tmp_path, secret_key="s" * 32).signing_key() == "s" * 32
    assert not list(tmp_path.iterdir())


def test_many_starting_at_once_agree_on_the_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        secrets = set(pool.map(read_or_create_secret, [tmp_path / "key"] * 64))
    assert len(secrets) == 1
    assert os.listdir(tmp_path) == ["key"]
