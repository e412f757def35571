"""AWS clients of the embedded AWS: of one session in a process, so that models are loaded once."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # boto3 takes half a second, and `make sandbox` often makes no call
    import boto3

NO_SETTINGS = {
    # Whatever profile this process's environment names is another AWS's.
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
# With proxies named, but none for http, botocore does not look into the environment for one.
NO_PROXIES = {"https": ""}

_making = threading.Lock()


@dataclass(frozen=True)
class Credentials:
    """Who makes a call."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


@cache
def session() -> boto3.Session:
    """Return the process's session; it has no credentials of its own."""
    import boto3
    import botocore.session

    return boto3.Session(botocore_session=botocore.session.Session(session_vars=NO_SETTINGS))


def client(
    service: str,
    endpoint: str,
    region: str,
    credentials: Credentials,
    *,
    user_agent: str = "",
) -> Any:
    """Return a client with a time limit on every wait, and with botocore's standard retries."""
    from botocore.config import Config

    config = Config(
        proxies=NO_PROXIES,
        retries={"mode": "standard", "max_attempts": 3},
        connect_timeout=5,
        read_timeout=60,
        user_agent_extra=user_agent,
    )
    # Making clients, unlike using them, is not safe in threads (boto3 guide, "Session").
    with _making:
        return session().client(  # type: ignore[call-overload] # the service is no literal
            service,
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token,
            config=config,
        )
