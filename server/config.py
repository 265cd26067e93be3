"""Settings, read once from the environment into a frozen value."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit


class GatewayKind(StrEnum):
    """Which way text messages leave."""

    CONSOLE = "console"
    TWILIO = "twilio"


@dataclass(frozen=True, slots=True)
class TwilioSettings:
    """How to reach the provider.

    :param api_base: the provider's address; a loopback address is the local provider of demo, rehearsal and tests.
    """

    account_sid: str
    auth_tokens: tuple[str, ...]
    sender: str
    messaging_service: str
    api_base: str

    @property
    def is_local(self) -> bool:
        """Return whether messages go to the provider on this machine, and so to nobody's telephone."""
        return self.api_base.startswith(("http://127.0.0.1:", "http://localhost:"))


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator sets; `docs/operations.md` lists the variables."""

    database_url: str
    session_key: str
    public_url: str
    gateway: GatewayKind
    twilio: TwilioSettings
    currency: str
    country: str
    zone: str
    company: str
    locale: str
    simulated: bool
    demo: bool
    proxy_hops: int
    metrics_port: int
    solver_seconds: int
    rate_per_caller: int
    rate_per_address: int
    osrm_url: str
    travel_matrix: str


class BadSettings(ValueError):
    """A variable is missing or cannot be used; the text says which and what to do."""


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    :raises BadSettings: naming the variable and the remedy.
    """
    env = os.environ if environ is None else environ
    settings = Settings(
        database_url=_needed(env, "DATABASE_URL"),
        session_key=_needed(env, "TRUCKROLL_SESSION_KEY"),
        public_url=env.get("TRUCKROLL_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/"),
        gateway=_gateway(env),
        twilio=_twilio(env),
        currency=env.get("TRUCKROLL_CURRENCY", "CNY"),
        country=env.get("TRUCKROLL_COUNTRY", "CN"),
        zone=env.get("TRUCKROLL_ZONE", "Asia/Shanghai"),
        company=env.get("TRUCKROLL_COMPANY", "Truckroll"),
        locale=env.get("TRUCKROLL_LOCALE", "en"),
        simulated=env.get("TRUCKROLL_SIMULATED") == "1",
        demo=env.get("TRUCKROLL_DEMO") == "1",
        proxy_hops=_whole(env, "TRUCKROLL_PROXY_HOPS", 0),
        metrics_port=_whole(env, "TRUCKROLL_METRICS_PORT", 0),
        solver_seconds=_whole(env, "TRUCKROLL_SOLVER_SECONDS", 20),
        rate_per_caller=_whole(env, "TRUCKROLL_RATE_PER_CALLER", 600),
        rate_per_address=_whole(env, "TRUCKROLL_RATE_PER_ADDRESS", 60),
        osrm_url=_address(env, "TRUCKROLL_OSRM_URL"),
        travel_matrix=env.get("TRUCKROLL_TRAVEL_MATRIX", ""),
    )
    if settings.osrm_url and settings.travel_matrix:
        raise BadSettings("Travel times have one source: set TRUCKROLL_OSRM_URL or TRUCKROLL_TRAVEL_MATRIX, not both.")
    if (
        (settings.simulated or settings.demo)
        and settings.gateway is GatewayKind.TWILIO
        and not settings.twilio.is_local
    ):
        raise BadSettings(
            "A demo or rehearsal never runs beside a real gateway: point TRUCKROLL_TWILIO_API at the local provider."
        )
    return settings


def _needed(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise BadSettings(f"{name} is not set. Set it, or use `make demo`, which sets everything.")
    return value


def _whole(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "")
    if text and not text.isdecimal():
        raise BadSettings(f"{name} must be a whole number.")
    return int(text) if text else default


def _address(env: Mapping[str, str], name: str) -> str:
    """Return a server's address without a slash at its end; empty where none is set."""
    text = env.get(name, "").rstrip("/")
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    else:
        usable = usable and not parts.query and not parts.fragment
    if not usable:
        raise BadSettings(f"{name} must be the address of a server, such as http://127.0.0.1:5000.")
    return text


def _gateway(env: Mapping[str, str]) -> GatewayKind:
    text = env.get("TRUCKROLL_GATEWAY", GatewayKind.CONSOLE)
    if text not in set(GatewayKind):
        raise BadSettings(f"TRUCKROLL_GATEWAY must be one of {', '.join(GatewayKind)}.")
    return GatewayKind(text)


def _twilio(env: Mapping[str, str]) -> TwilioSettings:
    return TwilioSettings(
        account_sid=env.get("TRUCKROLL_TWILIO_ACCOUNT", ""),
        auth_tokens=tuple(token for token in env.get("TRUCKROLL_TWILIO_TOKENS", "").split(",") if token),
        sender=env.get("TRUCKROLL_TWILIO_SENDER", ""),
        messaging_service=env.get("TRUCKROLL_TWILIO_SERVICE", ""),
        api_base=env.get("TRUCKROLL_TWILIO_API", "https://api.twilio.com").rstrip("/"),
    )
