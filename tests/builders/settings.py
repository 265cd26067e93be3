"""Settings of a loopback installation."""

from server.config import GatewayKind, Settings, TwilioSettings

NOWHERE = "postgresql://nobody@127.0.0.1:9/nothing"
"""The address of no database, for what never connects."""


def settings_for(database_url: str = NOWHERE) -> Settings:
    """Return settings of an installation on this machine that sends messages nowhere."""
    return Settings(
        database_url=database_url,
        session_key="a key that only the tests know",
        public_url="http://127.0.0.1:8000",
        gateway=GatewayKind.CONSOLE,
        twilio=TwilioSettings("", (), "", "", "http://127.0.0.1:9"),
        currency="CNY",
        country="CN",
        zone="Asia/Shanghai",
        company="Example Appliances",
        locale="en",
        simulated=False,
        demo=False,
        proxy_hops=0,
        metrics_port=0,
        solver_seconds=8,
        rate_per_caller=0,
        rate_per_address=0,
        osrm_url="",
        travel_matrix="",
    )
