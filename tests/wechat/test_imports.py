"""The push path starts without an HTTP client or any library it does not need."""

import subprocess
import sys

HEAVY = ("urllib3", "requests", "wechatpy", "xmltodict", "flask", "sqlalchemy", "http.client")


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_the_push_path_loads_no_http_client() -> None:
    loaded = loaded_by("import wechat.codec, wechat.events, wechat.replies")
    assert not loaded.intersection(HEAVY)


def test_reading_a_payment_notice_loads_no_http_client() -> None:
    assert not loaded_by("import wechat.pay.notices").intersection(HEAVY)
