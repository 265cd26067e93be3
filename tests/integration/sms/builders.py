"""Valid things of text messages; a test states only what matters to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from server.config import GatewayKind, Settings, TwilioSettings
from server.sms import outbox
from server.sms.models import OutboxMessage

NOON = datetime(2026, 1, 13, 12, 0, tzinfo=UTC)
ACCOUNT = "AC" + "0" * 32
TOKEN = "b" * 32
OLD_TOKEN = "a" * 32
PHONE = "+12125550123"


def phone(index: int) -> str:
    """Return a telephone of fiction; neither of the two whose texts the local provider does not bring."""
    return f"+1{212 + index // 90}5550{110 + index % 90}"


def settings(
    database_url: str, *, api_base: str = "http://127.0.0.1:9", public_url: str = "https://desk.example.org"
) -> Settings:
    return Settings(
        database_url=database_url,
        session_key="k" * 32,
        public_url=public_url,
        gateway=GatewayKind.TWILIO,
        twilio=TwilioSettings(ACCOUNT, (TOKEN, OLD_TOKEN), "+12125550100", "", api_base),
        currency="USD",
        country="US",
        zone="UTC",
        company="Acme",
        locale="en",
        simulated=True,
        demo=False,
        proxy_hops=0,
        metrics_port=0,
        solver_seconds=1,
        rate_per_caller=0,
        rate_per_address=0,
        osrm_url="",
        travel_matrix="",
    )


def queue(session: Session, **changes: Any) -> OutboxMessage:
    """Queue a login code, which is exempt from quiet hours."""
    given: dict[str, Any] = {
        "to": PHONE,
        "template": "login.code",
        "parameters": {"code": "123456", "minutes": 10},
        "locale": "en",
        "ticket_id": None,
        "now": NOON,
        "quiet": False,
        **changes,
    }
    return outbox.queue(session, **given)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
