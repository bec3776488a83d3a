"""The sections of the configuration that belong to no single command.

Each section is a struct; msgspec checks the values of the file by its types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from msgspec import Meta, Struct, ValidationError, convert, field
from msgspec.structs import FieldInfo, fields

Level = Literal["提示", "告警"]
LEVELS: tuple[Level, ...] = get_args(Level)  # as in rules.csv, the mildest first

_HOUR = r"([01]\d|2[0-3]):[0-5]\d"
_MAIL = r"^[^@\s,;<>]+@[^@\s,;<>]+\Z"
_URL = "https://…, or http:// at this machine"
Text = Annotated[str, Meta(pattern=r"\S", description="a text")]
PathText = Annotated[str, Meta(pattern=r"\S", description="a path", extra={"path": True})]
StoreText = Annotated[
    str, Meta(pattern=r"\S", description="a path, or postgresql://…", extra={"path": True})
]
Address = Annotated[str, Meta(pattern=r"^[^:\s]+(:[^:\s]+)*:\d{1,5}\Z", description="HOST:PORT")]
Hours = Annotated[str, Meta(pattern=rf"^{_HOUR}-{_HOUR}\Z", description="HH:MM-HH:MM")]
Mail = Annotated[str, Meta(pattern=_MAIL, description="a mail address")]
Mails = Annotated[
    Mail | Annotated[list[Mail], Meta(min_length=1)], Meta(description="mail addresses")
]
Url = Annotated[str, Meta(pattern="^https?://", description=_URL)]


class StoreSection(Struct):
    """The defaults of --db and --registry."""

    db: StoreText | None = None
    registry: PathText | None = None


class BrokerSection(Struct):
    """The defaults of --broker and of the options to sign in."""

    address: Address | None = None
    username: Text | None = None
    password_file: PathText | None = None
    cafile: PathText | None = None
    certfile: PathText | None = None
    keyfile: PathText | None = None


class EngineSection(Struct):
    """TLS of a scheduler of Dask: the authority, and this machine's certificate and key."""

    cafile: PathText | None = None
    certfile: PathText | None = None
    keyfile: PathText | None = None


class LogSection(Struct):
    """The format of the log and its lowest level."""

    format: Literal["plain", "json"] = "plain"
    level: Literal["debug", "info", "warning", "error"] = "info"


class HealthSection(Struct):
    """Limits in seconds; see service.health."""

    lag_s: Annotated[float, Meta(ge=1, le=86_400)] | None = None
    behind_s: Annotated[float, Meta(ge=1, le=3600)] | None = None


class ChannelSection(Struct, kw_only=True):
    """The keys of every way to people. quiet: local hours in which only alarms of
    quiet_passes and above are sent. level: milder alarms are never sent."""

    quiet: Hours | None = None
    quiet_passes: Level = LEVELS[-1]
    level: Level = LEVELS[0]
    repeat_s: Annotated[int, Meta(ge=0, le=86_400)] = 1800
    give_up_h: Annotated[float, Meta(ge=0.01, le=720)] = 24.0
    timeout_s: Annotated[float, Meta(ge=1, le=300)] = 30.0
    cafile: PathText | None = None


class EmailSection(ChannelSection, kw_only=True):
    """The mail server, the sender and the receivers."""

    host: Text
    from_: Mail = field(name="from")
    to: Mails
    port: Annotated[int, Meta(ge=1, le=65_535)] | None = None
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: Text | None = None
    password_file: PathText | None = None


class WebhookSection(ChannelSection, kw_only=True):
    """The address that alarms are posted to, and the secret that signs them."""

    url: Url
    secret_file: PathText


class RobotSection(ChannelSection, kw_only=True):
    """A robot in a group: its address, which is a secret, the secret that signs where it asks for a
    signature, and the address of the page for a link."""

    url_file: PathText
    secret_file: PathText | None = None
    page: Url | None = None


class WecomSection(ChannelSection, kw_only=True):
    """A robot of 企业微信, which knows no signature."""

    url_file: PathText
    page: Url | None = None


class SmsSection(ChannelSection, kw_only=True):
    """A gateway of short messages over HTTP; see delivery.sms.Gateway."""

    url_file: PathText
    body: Text
    form: Literal["json", "form"] = "json"
    method: Literal["POST", "GET"] = "POST"
    secret_file: PathText | None = None
    headers: Annotated[
        list[Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]+: *[^\r\n]+\Z")]],
        Meta(description='a list of "Name: value"'),
    ] = []
    taken_path: Text | None = None
    taken: Text | None = None
    again: Annotated[list[str], Meta(description="a list of texts")] = []
    said_path: Text | None = None
    most: Annotated[int, Meta(ge=70, le=1000)] = 134
    pace_s: Annotated[int, Meta(ge=0, le=3600)] = 1


class MapSection(Struct):
    """What is drawn below the points of the map: the address of each layer of pictures with {z},
    {x} and {y}, and {key} where key_file holds one; in which coordinates they are."""

    tiles: Annotated[Url | Annotated[list[Url], Meta(min_length=1)], Meta(description=_URL)]
    attribution: Text
    coordinates: Literal["WGS-84", "GCJ-02"] = "WGS-84"
    key_file: PathText | None = None


SECTIONS: dict[str, type[Struct]] = {
    "store": StoreSection,
    "broker": BrokerSection,
    "engine": EngineSection,
    "log": LogSection,
    "health": HealthSection,
    "email": EmailSection,
    "webhook": WebhookSection,
    "wecom": WecomSection,
    "dingtalk": RobotSection,
    "feishu": RobotSection,
    "sms": SmsSection,
    "map": MapSection,
}
_OPTIONS = {"broker.address": "--broker"}  # options that are not named like their key
_DEFAULTS_OF_OPTIONS = ("store", "broker")


@dataclass(frozen=True)
class Key:
    """One key of a section. expected: in words. option: the option of which it is the default.
    is_path: relative to the folder of the file."""

    type: Any
    expected: str
    option: str | None
    is_path: bool
    is_required: bool

    def takes(self, value: Any) -> bool:
        """Whether a value is as expected."""
        try:
            convert(value, self.type)
        except ValidationError:
            return False
        return value is not None  # None only stands for an absent key


def _parts(type_: Any) -> Iterator[Any]:
    """A type, and what it is made of: the members of a union, the type below Annotated."""
    yield type_
    for part in (getattr(type_, "__origin__", None), *get_args(type_)):
        if part is not None:
            yield from _parts(part)


def _metas(type_: Any) -> list[Meta]:
    """The constraints of a type, the outermost first."""
    return [m for part in _parts(type_) for m in getattr(part, "__metadata__", ())]


def _expected(type_: Any) -> str:
    """What a value must be, in words."""
    metas = _metas(type_)
    if words := [m.description for m in metas if m.description]:
        return words[0]
    if get_origin(type_) is Literal:
        return f"one of {', '.join(get_args(type_))}"
    whole = "whole " if int in _parts(type_) else ""
    return f"a {whole}number from {metas[0].ge:g} to {metas[0].le:g}"


def _key(section: str, info: FieldInfo) -> Key:
    name = info.encode_name
    option = None
    if section in _DEFAULTS_OF_OPTIONS:
        option = _OPTIONS.get(f"{section}.{name}", "--" + name.replace("_", "-"))
    is_path = any(m.extra and m.extra.get("path") for m in _metas(info.type))
    return Key(info.type, _expected(info.type), option, is_path, info.required)


SHARED = {
    section: {info.encode_name: _key(section, info) for info in fields(struct)}
    for section, struct in SECTIONS.items()
}
