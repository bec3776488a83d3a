"""Checks before anything starts: files, the store, and the ways to people."""

from __future__ import annotations

import stat
from pathlib import Path
from urllib.parse import urlsplit

from ..common.errors import UserError
from ..common.store_address import hidden
from ..common.web_address import LOOPBACK, is_safe
from ..store import VERSION, schema_version
from .config import Config

_FILES = (
    *("password_file", "secret_file", "url_file", "cafile", "certfile", "keyfile"),
    *("key_file", "network_password_file", "network_cafile", "network_certfile", "network_keyfile"),
)
_SECRET = (
    *("password_file", "secret_file", "url_file", "keyfile"),
    *("key_file", "network_password_file", "network_keyfile"),
)
_LEAST_SECRET = 16


def problems(config: Config) -> list[str]:
    """Every mistake, a line each with its place."""
    return [
        *_files(config),
        *_broker(config),
        *_addresses(config),
        *_store(config),
        *_email(config),
        *_webhook(config),
        *_robots(config),
        *_lorawan(config),
        *_map(config),
    ]


def _files(config: Config) -> list[str]:
    mistakes = []
    for name, value in config.values.items():
        key = name.partition(".")[2]
        if key not in _FILES or not isinstance(value, str):
            continue
        path = Path(value)
        try:
            mode = path.stat().st_mode
            path.open("rb").close()
        except OSError as error:
            mistakes.append(
                f"{config.mistake(name, 'a file that can be read', value)}: {error.strerror}"
            )
            continue
        if key in _SECRET and mode & stat.S_IROTH:
            mistakes.append(
                config.mistake(name, "a file that not everybody can read (chmod 0640)", value)
            )
    return mistakes


def _broker(config: Config) -> list[str]:
    have = {k for k in ("cafile", "certfile", "keyfile") if config.get(f"broker.{k}")}
    mistakes = []
    if have & {"certfile", "keyfile"} and len(have) < 3:
        missing = ({"cafile", "certfile", "keyfile"} - have).pop()
        mistakes.append(
            config.mistake(f"broker.{missing}", "cafile, certfile and keyfile together")
        )
    if config.get("broker.password_file") and not config.get("broker.username"):
        mistakes.append(config.mistake("broker.username", "a name for the password"))
    wants = [n for n in ("alarms.publish", "rollup.publish") if config.get(n) is True]
    if not config.get("broker.address"):
        mistakes += [config.mistake(n, "address in [broker] for it", True) for n in wants]
    return mistakes


def _addresses(config: Config) -> list[str]:
    """Addresses to listen on: valid, and each used once."""
    mistakes = []
    for name, value in config.values.items():
        if name.partition(".")[2] != "listen" or not isinstance(value, str):
            continue
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65_536:
            mistakes.append(config.mistake(name, "HOST:PORT", value))
    listening = [v for n, v in config.values.items() if n.endswith(".listen")]
    for value in {v for v in listening if listening.count(v) > 1}:
        names = [n for n, v in config.values.items() if n.endswith(".listen") and v == value]
        mistakes.append(config.mistake(names[-1], f"another address than {names[0]}", value))
    return mistakes


def _store(config: Config) -> list[str]:
    where = config.get("store.db")
    if where is None:
        return []
    if "://" in where:
        mistakes = []
        if hidden(where) != where:
            mistakes.append(config.mistake("store.db", "no password in it (~/.pgpass)"))
        return mistakes + _schema(config, where)
    path = Path(where)
    if not path.exists():
        folder = path.parent
        return (
            [] if folder.is_dir() else [config.mistake("store.db", f"the folder {folder}", where)]
        )
    return _schema(config, path)


def _schema(config: Config, where: Path | str) -> list[str]:
    """An earlier schema is migrated at the start; a later one cannot be read."""
    try:
        version = schema_version(where)
    except UserError as error:
        return [config.mistake("store.db", "a store") + f": {error}"]
    except ModuleNotFoundError:  # a package is missing: nothing is known about the store
        raise
    except Exception:  # no such table or no database: each engine has its own errors
        return [config.mistake("store.db", "a store of qingyun", str(where))]
    if version > VERSION:
        return [config.mistake("store.db", f"schema {VERSION} or earlier", version)]
    return []


def _email(config: Config) -> list[str]:
    if not config.section("email"):
        return []
    mistakes = config.lacking("email")
    if config.get("email.username") and not config.get("email.password_file"):
        mistakes.append(config.mistake("email.password_file", "a file with the password"))
    beyond = config.get("email.host") not in (None, *LOOPBACK)
    if config.get("email.tls") == "none" and beyond:
        mistakes.append(config.mistake("email.tls", "starttls or tls beyond this machine", "none"))
    return mistakes


def _webhook(config: Config) -> list[str]:
    if not config.section("webhook"):
        return []
    mistakes = config.lacking("webhook")
    url = config.get("webhook.url")
    if url:
        address = urlsplit(url)
        if not address.hostname:
            mistakes.append(config.mistake("webhook.url", "https://HOST/…", url))
        elif address.scheme == "http" and address.hostname not in LOOPBACK:
            mistakes.append(
                config.mistake("webhook.url", "https beyond this machine", address.scheme)
            )
        if address.username or address.password:
            mistakes.append(config.mistake("webhook.url", "no name or password in it"))
    secret = config.get("webhook.secret_file")
    if secret and Path(secret).is_file() and Path(secret).stat().st_size < _LEAST_SECRET:
        expected = f"{_LEAST_SECRET} characters or more in it"
        mistakes.append(config.mistake("webhook.secret_file", expected, secret))
    return mistakes


def _robots(config: Config) -> list[str]:
    mistakes = []
    for kind in ("wecom", "dingtalk", "feishu", "sms"):
        if not config.section(kind):
            continue
        mistakes += config.lacking(kind)
        path = config.get(f"{kind}.url_file")
        if path and Path(path).is_file() and not is_safe(Path(path).read_text("utf-8-sig").strip()):
            whose = "the gateway names it" if kind == "sms" else "the group shows it"
            expected = f"https://… in the file, as {whose}"
            mistakes.append(config.mistake(f"{kind}.url_file", expected, path))
    return mistakes


def _lorawan(config: Config) -> list[str]:
    """What a network server needs; the addresses are checked by their options."""
    mistakes = []
    things_stack = config.get("lorawan.server") == "things-stack" and not config.get(
        "lorawan.topic"
    )
    if not config.get("lorawan.network_username"):
        if things_stack:
            mistakes.append(config.mistake("lorawan.network_username", "APPLICATION@TENANT"))
        elif config.get("lorawan.network_password_file"):
            expected = "a name for the password"
            mistakes.append(config.mistake("lorawan.network_username", expected))
    network = config.get("lorawan.network")
    if isinstance(network, str):
        host, _, port = network.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65_536:
            mistakes.append(config.mistake("lorawan.network", "HOST:PORT", network))
    return mistakes


def _map(config: Config) -> list[str]:
    """Addresses of tiles, and a key exactly where they want one."""
    if not config.section("map"):
        return []
    mistakes = config.lacking("map")
    tiles = config.get("map.tiles", [])
    layers = [tiles] if isinstance(tiles, str) else tiles
    for layer in layers:
        address = urlsplit(layer)
        if not address.hostname or any(f"{{{c}}}" not in layer for c in "xyz"):
            mistakes.append(config.mistake("map.tiles", "https://HOST/… with {x}, {y}, {z}", layer))
        elif address.scheme == "http" and address.hostname not in LOOPBACK:
            mistakes.append(config.mistake("map.tiles", "https beyond this machine", layer))
    wants, has = any("{key}" in layer for layer in layers), bool(config.get("map.key_file"))
    if wants and not has:
        mistakes.append(config.mistake("map.key_file", "a file with what stands for {key}"))
    if has and not wants:
        mistakes.append(config.mistake("map.tiles", "{key} where the key of key_file goes"))
    return mistakes
