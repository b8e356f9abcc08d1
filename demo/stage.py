"""Tells the pretend WeChat about the demo's account, merchant and billing key, as their consoles would."""

import json
import urllib.request

from demo.identities import ACCOUNT_NAME, ACCOUNT_TITLE, Identities
from demo.places import HOST, Places


def announce(places: Places, identities: Identities) -> None:
    """Set account, merchant and billing; the same again changes nothing. Raises OSError."""
    _put(
        places,
        f"accounts/{identities.appid}",
        {
            "kind": "official",
            "name": ACCOUNT_TITLE,
            "gh_id": identities.original_id,
            "secret": identities.app_secret,
            "token": identities.token,
            "encoding_aes_key": identities.aes_key,
            "mode": "safe",
            "format": "xml",
            "callback_url": f"{places.url}/wechat/{ACCOUNT_NAME}/callback",
            "oauth_domain": f"{HOST}:{places.port}",
        },
    )
    _put(
        places,
        f"merchants/{identities.mchid}",
        {
            "serial": identities.merchant_serial,
            "public_key": identities.merchant_public_key,
            "apiv3_key": identities.apiv3_key,
            "appids": [identities.appid],
            "sign_with": "public_key",
            "platform_private_key": identities.platform_private_key,
            "platform_public_key_id": identities.platform_serial,
        },
    )
    _put(places, "billing", {"shared_key": identities.billing_key})


def _put(places: Places, what: str, body: dict[str, object]) -> None:
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{places.simulator_url}/_sim/{what}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method="PUT",
    )
    # The environment's proxy is for the world outside, not for this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        answer.read()
