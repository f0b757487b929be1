"""Every setting of the portal: read once from the environment, typed, explained, then fixed.

`Settings.from_environment(os.environ)` is the only reader of `HANDOVER_*`. An unknown key or a bad
value stops the start with one sentence, because a typing mistake that is silently ignored is found
months later by the wrong person.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from portal.secret_file import read_or_create_secret
from portal.setting_parsers import (
    FOLDER,
    Parser,
    folder,
    index_place,
    one_of,
    seconds,
    secret,
    setting,
    size,
    store,
    time_zone,
    unknown,
    url,
    whole,
    without_password,
    yes_or_no,
)

PREFIX = "HANDOVER_"
LANGUAGES = ("zh_CN", "en")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
EMBEDDED = "embedded"
BUNDLED = "bundled"

MIB = 2**20
GIB = 2**30
# Stands for «in the data folder»; the parser returns absolute paths only, so nobody can enter it.
UNSET = Path()


class SettingsError(Exception):
    """A setting that cannot be used: `key` is the environment variable, `reason` a sentence."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key = key
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The portal's settings. Tests build it directly; processes use `from_environment`.

    The fields whose default depends on the data folder are given None by nobody: they are filled
    when the object is made, so that every reader sees a plain value.
    """

    data_folder: Path = setting(
        "Folder for everything the portal keeps: database, original files, index, model, secret.",
        Path("data"),
        folder,
        unit="path",
    )
    database_url: str = setting(
        "Database. SQLite or PostgreSQL: `postgresql+psycopg://user:password@host/name`.",
        "",
        url("sqlite", "postgresql+psycopg"),
        unit="URL",
        default_text="SQLite file `portal.sqlite` in the data folder",
    )
    broker_url: str = setting(
        "Broker of the background jobs: `embedded` starts Valkey beside the portal; otherwise any "
        "Redis, Valkey or RabbitMQ. It holds nothing that the database does not hold too.",
        EMBEDDED,
        url("redis", "rediss", "redis+socket", "amqp", "amqps", word=EMBEDDED),
        unit="URL or `embedded`",
    )
    blob_store: str = setting(
        "Place of the original files: a folder, or `s3://bucket/prefix`.",
        "",
        store,
        unit="path or URL",
        default_text="folder `blobs` in the data folder",
    )
    secret_key: str | None = setting(
        "Key that signs sessions and links, at least 32 characters. Several machines share one.",
        None,
        secret,
        unit="text",
        default_text="made once, kept in the file `secret_key` in the data folder",
    )
    model: str = setting(
        "Model that turns text into vectors: `bundled`, or the name or folder of any "
        "sentence-transformers model. With another one the portal prepares all documents anew by "
        "itself, and changes when that is done.",
        BUNDLED,
        str,
        unit="name or path",
    )
    model_folder: Path = setting(
        "Folder where the bundled model is built once and kept.",
        UNSET,
        folder,
        unit="path",
        default_text="folder `model` in the data folder",
    )
    encoder_threads: int | None = setting(
        "Processor threads one process uses to encode text.",
        None,
        whole(1, 1024),
        unit="threads",
        default_text="as many as the machine has cores",
    )
    index_folder: Path = setting(
        "Folder of the search index. It may be deleted: it is rebuilt from the database.",
        UNSET,
        folder,
        unit="path",
        default_text="folder `index` in the data folder",
    )
    index: str = setting(
        "Where the folded part of the search index stands: `folder` (the index folder of each "
        "machine), or a Milvus server that all machines share: `milvus+http://host:19530`.",
        FOLDER,
        index_place,
        unit="`folder` or URL",
    )
    listen_host: str = setting(
        "Address the web server listens on; `0.0.0.0` admits other machines.",
        "127.0.0.1",
        str,
        unit="host",
    )
    listen_port: int = setting(
        "Port the web server listens on.", 8000, whole(1, 65535), unit="port"
    )
    web_processes: int = setting("Web server processes.", 2, whole(1, 256), unit="processes")
    web_threads: int = setting(
        "Requests one web process answers at the same time.", 8, whole(1, 256), unit="threads"
    )
    worker_processes: int = setting(
        "Documents one worker reads at the same time. Each process holds its own model.",
        1,
        whole(1, 256),
        unit="processes",
    )
    upload_limit_bytes: int = setting(
        "Largest file that may be uploaded.", 2 * GIB, size, unit="bytes"
    )
    free_disk_reserve_bytes: int = setting(
        "Disk space never used by uploads: an upload that would go below is refused.",
        1 * GIB,
        size,
        unit="bytes",
    )
    guard: bool = setting(
        "Whether files are searched for passwords and personal numbers before they are sealed.",
        True,
        yes_or_no,
        unit="yes or no",
    )
    reading_seconds: float = setting(
        "Longest time reading one file may take, before its pages are counted.",
        120.0,
        seconds(1, 86400),
        unit="seconds",
    )
    reading_seconds_per_page: float = setting(
        "Time added to the limit for every page; a dense scanned page takes about 4 seconds, on a"
        " busy machine three times as long.",
        12.0,
        seconds(0, 3600),
        unit="seconds",
    )
    reading_memory_bytes: int = setting(
        "Memory the process that reads one file may use.", 1536 * MIB, size, unit="bytes"
    )
    passage_tokens: int = setting(
        "Length of a passage. Changing it takes effect for documents read afterwards.",
        300,
        whole(50, 500),
        unit="tokens",
    )
    task_seconds: float = setting(
        "Longest time one background job may run before it is ended and tried again.",
        7200.0,
        seconds(60, 86400),
        unit="seconds",
    )
    answer_url: str | None = setting(
        "Address of an OpenAI-compatible endpoint whose model may write answers, with its version:"
        " `http://127.0.0.1:11434/v1`. Passages a person asks an answer from are sent there.",
        None,
        url("http", "https"),
        unit="URL",
        default_text="none: no text leaves the portal",
    )
    answer_model: str = setting(
        "Model of that endpoint, by the name it has there. Wanted with `HANDOVER_ANSWER_URL`.",
        "",
        str,
        unit="name",
        default_text="none",
    )
    answer_key: str | None = setting(
        "Key that endpoint asks for, if it does.", None, str, unit="text", default_text="none"
    )
    answer_seconds: float = setting(
        "Longest time a written answer is waited for.", 60.0, seconds(1, 600), unit="seconds"
    )
    search_log_days: int = setting(
        "Days for which searches are kept: for the people who asked, and counted by position.",
        180,
        whole(0, 3650),
        unit="days, 0: none is kept",
    )
    session_hours: int = setting(
        "Hours without a request after which a person must sign in again.",
        12,
        whole(1, 8760),
        unit="hours",
    )
    login_attempts: int = setting(
        "Wrong passwords for one name or from one address before signing in is paused.",
        10,
        whole(1, 1000),
        unit="attempts",
    )
    login_window_seconds: float = setting(
        "Time over which wrong passwords are counted, and for which signing in is paused.",
        900.0,
        seconds(1, 86400),
        unit="seconds",
    )
    behind_tls: bool = setting(
        "Whether people reach the portal by https. Cookies are then sent by https only.",
        False,
        yes_or_no,
        unit="yes or no",
    )
    trusted_proxies: int = setting(
        "Reverse proxies in front of the portal whose `X-Forwarded-*` headers are believed.",
        0,
        whole(0, 10),
        unit="proxies",
    )
    default_language: Literal["zh_CN", "en"] = setting(
        "Language for browsers that ask for neither Chinese nor English.",
        "zh_CN",
        one_of(*LANGUAGES),
        unit="zh_CN or en",
    )
    time_zone: str = setting(
        "Time zone in which days begin and times are shown.",
        "Asia/Shanghai",
        time_zone,
        unit="name",
    )
    log_level: str = setting(
        "Least important messages that are still logged.",
        "INFO",
        one_of(*LOG_LEVELS),
        unit="DEBUG, INFO, WARNING or ERROR",
    )
    reconcile_seconds: float = setting(
        "How often the portal looks for jobs that were lost or got stuck, and starts them again.",
        30.0,
        seconds(0.1, 3600),
        unit="seconds",
    )
    lease_seconds: float = setting(
        "Time without a sign of life after which a job counts as stuck.",
        120.0,
        seconds(1, 86400),
        unit="seconds",
    )

    def __post_init__(self) -> None:
        # The folder is made absolute once: workers and web processes may start elsewhere.
        base = Path(os.path.abspath(self.data_folder))
        derived = {
            "data_folder": base,
            "database_url": self.database_url or f"sqlite:///{base / 'portal.sqlite'}",
            "blob_store": self.blob_store or str(base / "blobs"),
            "model_folder": base / "model" if self.model_folder == UNSET else self.model_folder,
            "index_folder": base / "index" if self.index_folder == UNSET else self.index_folder,
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read every `HANDOVER_*` variable; an empty value means the default.

        Raises SettingsError for an unknown key and for a value that cannot be used.
        """
        fields = {environment_key(field.name): field for field in dataclasses.fields(cls)}
        values: dict[str, Any] = {}
        for key in sorted(key for key in environ if key.startswith(PREFIX)):
            if key not in fields:
                raise SettingsError(key, unknown(key, list(fields)))
            text = environ[key].strip()
            if text:
                values[fields[key].name] = _parse(key, text, fields[key].metadata["parse"])
        if values.get("answer_url") and not values.get("answer_model"):
            key = environment_key("answer_model")
            raise SettingsError(key, "name the model that HANDOVER_ANSWER_URL is to be asked for.")
        return cls(**values)

    def signing_key(self) -> str:
        """The secret that signs sessions: `secret_key`, or one made once in the data folder.

        Raises OSError when it has to be made and the data folder cannot be written.
        """
        return self.secret_key or read_or_create_secret(self.data_folder / "secret_key")

    @property
    def zone(self) -> ZoneInfo:
        """`time_zone` as an object that dates can be converted with."""
        return ZoneInfo(self.time_zone)

    def __repr__(self) -> str:
        # The generated one would put keys and passwords into logs and tracebacks.
        return f"Settings(data_folder={str(self.data_folder)!r})"


def environment_key(name: str) -> str:
    """The environment variable of a field: `data_folder` is `HANDOVER_DATA_FOLDER`."""
    return PREFIX + name.upper()


def _parse(key: str, text: str, parse: Parser) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        shown = "" if parse is secret else f" (it is {without_password(text)!r})"
        raise SettingsError(key, f"the value {error}{shown}.") from error
