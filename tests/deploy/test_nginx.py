"""nginx starts with our site, leads each request where it belongs, and passes on nothing that could be forged."""

import re
from pathlib import Path
from typing import Final

import pytest
from flask import Flask

from flows.payment.address import NOTICE_PATH
from handlers.body import BODY_MAX
from tests.deploy.site import Block, WouldNotStart, location_of, parsed
from wx_backend.app import MAX_BODY_BYTES

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
SITE: Final = DEPLOY / "nginx" / "wx-backend.conf"
UNITS: Final = (DEPLOY / "systemd" / "wx.target").read_text("utf-8")
SIZES: Final = {"k": 1024, "m": 1024 * 1024}
PUSHES: Final = "/wechat/city/callback"
# What nginx does unless told otherwise, and what to tell it would let two servers read one request as two.
SAFE_UNLESS_SAID: Final = {
    "ignore_invalid_headers": "off",
    "underscores_in_headers": "on",
    "proxy_request_buffering": "off",
    "proxy_pass_request_headers": "off",
    "proxy_pass_request_body": "off",
    "merge_slashes": "off",
    "chunked_transfer_encoding": "off",
}


@pytest.fixture
def site(tmp_path: Path) -> Block:
    return parsed(SITE, tmp_path)


@pytest.fixture
def server(site: Block) -> Block:
    """What is served by TLS."""
    [found] = [
        block
        for _, block in site.blocks("server")
        if ["443", "ssl", "http2"] in block.own("listen")
    ]
    return found


def ports(unit: str) -> list[str]:
    return [f"127.0.0.1:{port}" for port in re.findall(rf"{unit}@(\d+)\.service", UNITS)]


def bytes_of(size: str) -> int:
    return int(size[:-1]) * SIZES[size[-1]]


@pytest.mark.parametrize(
    ("told", "instead"),
    [
        ("proxy_next_upstream_tries 2;", "proxy_next_upstream_trys 2;"),
        ("keepalive 64;", "keepalive;"),
        ("server_tokens off;", "upstream x { server 127.0.0.1:1; }"),
        ("server_tokens off;", "server_tokens off"),
    ],
)
def test_what_nginx_would_not_start_with_is_found(tmp_path: Path, told: str, instead: str) -> None:
    text = SITE.read_text("utf-8")
    broken = tmp_path / "site.conf"
    broken.write_text(text.replace(told, instead, 1))
    assert broken.read_text() != text
    with pytest.raises(WouldNotStart):
        parsed(broken, tmp_path)


def test_each_process_that_is_started_is_asked_and_no_other(site: Block) -> None:
    upstreams = {name: block for (name,), block in site.blocks("upstream")}
    asked = {
        name: [arguments[0] for arguments in block.own("server")]
        for name, block in upstreams.items()
    }
    assert asked == {"wx_backend": ports("wx-web"), "wx_doors": ports("wx-door")}
    assert (len(asked["wx_backend"]), len(asked["wx_doors"])) == (4, 2)
    for block in upstreams.values():
        assert all(arguments[1:] == ["max_fails=0"] for arguments in block.own("server"))
        assert block.value("keepalive") == "64"


def test_the_script_that_restarts_them_knows_them_all() -> None:
    script = (DEPLOY / "rolling-restart.sh").read_text("utf-8")
    told = dict(re.findall(r"\$\{(\w+):-([\d ]+)\}", script))
    for name, unit in (("WX_PORTS", "wx-web"), ("WX_DOOR_PORTS", "wx-door")):
        assert [f"127.0.0.1:{port}" for port in told[name].split()] == ports(unit)


@pytest.mark.parametrize(
    ("path", "upstream"),
    [
        (PUSHES, "wx_doors"),
        (f"/wechat/{'a' * 32}/callback", "wx_doors"),
        (f"/wechat/{'a' * 33}/callback", "wx_backend"),
        ("/wechat/City/callback", "wx_backend"),
        ("/wechat/city/callback/", "wx_backend"),
        ("/x/wechat/city/callback", "wx_backend"),
        (NOTICE_PATH, "wx_backend"),
        ("/", "wx_backend"),
        ("/console/login", "wx_backend"),
    ],
)
def test_pushes_are_led_to_the_doors_and_nothing_else_is(
    server: Block, path: str, upstream: str
) -> None:
    assert location_of(server, path).own("proxy_pass") == [[f"http://{upstream}"]]


def test_figures_and_files_are_nobodys(server: Block, app: Flask) -> None:
    figures = location_of(server, "/metrics")
    assert (figures.own("return"), figures.own("proxy_pass")) == ([["404"]], [])
    assert "/metrics" in {rule.rule for rule in app.url_map.iter_rules()}
    names = {each["directive"] for each in server.everything()}
    assert names.isdisjoint({"root", "alias", "autoindex", "try_files", "rewrite", "stub_status"})


@pytest.mark.parametrize("path", ["/", PUSHES, NOTICE_PATH])
def test_what_a_client_says_of_itself_is_written_anew(server: Block, path: str) -> None:
    """A location with one header of its own would inherit none of these."""
    headers = dict(location_of(server, path).said("proxy_set_header"))
    assert headers == {
        "Connection": "",
        "Host": "$host",
        "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Proto": "$scheme",
    }


def test_one_request_stays_one_request(site: Block, server: Block) -> None:
    assert server.value("proxy_http_version") == "1.1"
    for each in site.everything():
        name, value = each["directive"], " ".join(each["args"])
        assert SAFE_UNLESS_SAID.get(name) != value, f"{name} {value}"
        if name == "proxy_pass":  # neither a path of its own nor a variable: the request as it came
            assert re.fullmatch(r"http://wx_\w+", value)
        if name == "proxy_next_upstream":
            assert "non_idempotent" not in each["args"]


@pytest.mark.parametrize(
    ("path", "largest", "longest"),
    [("/", MAX_BODY_BYTES, "20s"), (PUSHES, BODY_MAX, "6s"), (NOTICE_PATH, 1024 * 1024, "6s")],
)
def test_a_request_is_bounded_as_the_service_bounds_it(
    server: Block, path: str, largest: int, longest: str
) -> None:
    location = location_of(server, path)
    assert bytes_of(location.value("client_max_body_size") or "") == largest
    assert location.value("proxy_read_timeout") == longest
    assert location.value("client_body_timeout") == "15s"
    assert location.value("proxy_next_upstream_tries") == "2"


def test_a_query_with_an_openid_is_in_no_log(server: Block) -> None:
    for path in (PUSHES, "/wechat/citty/callbac", NOTICE_PATH):
        assert location_of(server, path).value("access_log") == "off"


def test_plain_http_leads_to_our_own_name_and_nowhere_else(site: Block) -> None:
    [plain] = [block for _, block in site.blocks("server") if block.own("listen") == [["80"]]]
    assert plain.own("return") == [["301", "https://$server_name$request_uri"]]
    assert list(plain.blocks("location")) == []


def test_only_tls_of_today_and_no_word_of_a_version(server: Block) -> None:
    assert server.value("ssl_protocols") == "TLSv1.2 TLSv1.3"
    assert server.value("server_tokens") == "off"
