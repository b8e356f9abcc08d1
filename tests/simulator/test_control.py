"""The stage is set, kept over a restart, wiped; neighbours play along; nothing of ours is inside."""

import ast
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import simulator
from simulator.server import start
from simulator.stubs.billing import SIGNATURE, signature
from tests.simulator.conftest import set_accounts
from tests.simulator.receiver import Receiver
from tests.simulator.stage import SHOP, Stage

KEY = "billing-key"
SOURCES = sorted(Path(simulator.__file__).parent.rglob("*.py"))


def bill(stage: Stage, order: dict[str, object], key: str = KEY) -> tuple[int, dict[str, object]]:
    raw = json.dumps(order).encode()
    headers = {SIGNATURE: signature(key, raw), "Content-Type": "application/json"}
    answer = stage.raw("POST", "/billing/orders", body=raw, headers=headers)
    return answer.status, json.loads(answer.data)


def test_a_restart_forgets_nothing(tmp_path: Path, receiver: Receiver) -> None:
    with start(state=tmp_path) as running:
        stage = Stage(running.base_url)
        set_accounts(stage, receiver)
        bob = stage.act("Bob", "follow", appid=SHOP)["openid"]
        token = stage.token()
        stage.advance(3600)
        stage.chaos("push:text", "delay", seconds=60)
        stage.control("POST", "/people/Bob/acts/say", appid=SHOP, text="你好")
        stage.close()
    with start(state=tmp_path) as running:
        stage = Stage(running.base_url)
        assert running.world.clock.offset == 3600
        assert stage.api("GET", f"/cgi-bin/user/info?access_token={token}&openid={bob}")[
            "subscribe"
        ]
        assert len(receiver.received) == 1
        stage.advance(60)
        stage.settle()
        assert len(receiver.received) == 2
        assert stage.chat("Bob")[0]["content"] == {"content": "你好"}
        stage.close()


def test_the_clock_tells_others_how_far_it_runs_ahead(tmp_path: Path) -> None:
    file = tmp_path / "clock-offset"
    with start(state=tmp_path, clock_file=file) as running:
        assert float(file.read_text()) == 0
        with running.world.acting():
            running.world.move_clock(86_400)
        assert float(file.read_text()) == 86_400
    file.unlink()
    with start(state=tmp_path, clock_file=file):
        assert float(file.read_text()) == 86_400


def test_the_same_seed_makes_the_same_people() -> None:
    openids = []
    for seed in (7, 7, 8):
        with start(seed=seed) as running:
            openids.append(running.world.openid(SHOP, "Bob"))
    assert openids[0] == openids[1] != openids[2]


def test_reset_wipes_what_it_is_not_told_to_keep(stage: Stage) -> None:
    stage.act("Bob", "follow", appid=SHOP)
    stage.advance(60)
    stage.control("POST", "/reset", keep=["account", "person"])
    assert stage.control("GET", "/health") == {"status": "ok", "accounts": 2, "people": 2}
    assert stage.facts("*") == []
    assert stage.control("GET", "/clock")["offset"] == 0
    stage.control("POST", "/reset")
    assert stage.control("GET", "/health")["accounts"] == 0


def test_wrong_settings_are_explained(stage: Stage) -> None:
    account = f"/accounts/{SHOP}"
    assert "no field 'colour'" in stage.refused("PUT", account, colour="red")
    assert "takes str" in stage.refused("PUT", account, secret=1)
    assert "43 characters" in stage.refused("PUT", account, encoding_aes_key="short")
    assert "mode is" in stage.refused("PUT", account, mode="open")
    assert "no person" in stage.refused("POST", "/people/Mallory/acts/follow", appid=SHOP)
    assert "no act" in stage.refused("POST", "/people/Bob/acts/fly")
    assert "seconds" in stage.refused("POST", "/clock", forward=1)
    assert "PEM" in stage.refused("PUT", "/merchants/1", public_key="x")
    nowhere = stage.raw(
        "POST", "/_sim/people/Bob/acts/enter", json={"appid": SHOP, "latitude": "x"}
    )
    assert nowhere.status == 400
    assert "moved by" in stage.refused("PUT", "/settings", boots=1)


def test_the_witness_is_read_from_where_one_left_off(stage: Stage) -> None:
    stage.act("Bob", "follow", appid=SHOP)
    seen = stage.facts("push.*")[-1]["number"]
    stage.act("Bob", "unfollow", appid=SHOP)
    later = stage.control("GET", f"/witness?kind=push.*&since={seen}")["facts"]
    assert [fact["name"] for fact in later] == ["unsubscribe"]


def test_billing_takes_an_order_once(stage: Stage) -> None:
    stage.control("PUT", "/settings", billing_key=KEY)
    order: dict[str, object] = {"order_number": "A1", "amount_fen": 9900}
    first, again = bill(stage, order), bill(stage, order)
    assert first == again
    assert (first[0], first[1]["order_number"]) == (200, "A1")
    assert bill(stage, {**order, "amount_fen": 1})[0] == 409
    assert bill(stage, order, key="forged")[0] == 401
    assert bill(stage, {"amount_fen": 1})[0] == 400
    assert [fact["order_number"] for fact in stage.facts("billing.order")] == ["A1"]
    assert len(json.loads(stage.raw("GET", "/billing/orders").data)["orders"]) == 1


@pytest.mark.parametrize(
    ("mode", "numbers"),
    [("ok", ["A1"]), ("twice", ["A1", "A1"]), ("wrong", ["A1-X"]), ("never", [])],
)
def test_billing_calls_back(
    stage: Stage, receiver: Receiver, mode: str, numbers: list[str]
) -> None:
    callback = f"{receiver.url}/billing"
    stage.control("PUT", "/settings", billing_key=KEY, billing_callback=callback, billing_mode=mode)
    assert bill(stage, {"order_number": "A1"})[0] == 202
    stage.settle()
    receipts = receiver.at("/billing")
    assert [json.loads(one.body)["order_number"] for one in receipts] == numbers
    assert all(one.headers[SIGNATURE] == signature(KEY, one.body) for one in receipts)


def test_a_text_message_can_be_read(stage: Stage) -> None:
    sent = stage.api("POST", "/sms/send", phone="13800000002", text="验证码 1234")
    assert sent["status"] == "sent"
    texts = stage.control("GET", "/sms?phone=13800000002")["sms"]
    assert [one["text"] for one in texts] == ["验证码 1234"]
    assert stage.raw("POST", "/sms/send", body=b"{}").status == 400


def test_pictures_bob_sends_can_be_fetched(stage: Stage) -> None:
    stage.act("Bob", "follow", appid=SHOP)
    stage.act("Bob", "send_image", appid=SHOP, image="aGVsbG8=")
    url = stage.facts("push.sent")[-1]["fields"]["PicUrl"]
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - the simulator's own address
        assert answer.read() == b"hello"


def test_a_web_address_in_a_picture_is_only_read(stage: Stage) -> None:
    assert stage.act("Bob", "scan", url="https://shop.example/s/1")["opens"] == "url"
    assert "no code" in stage.refused("POST", "/scan", person="Bob", image=BLANK_PNG)
    assert "not a picture" in stage.refused("POST", "/scan", person="Bob", image="aGVsbG8=")


BLANK_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_the_simulator_imports_nothing_of_ours(path: Path) -> None:
    allowed = {
        "simulator",
        "flask",
        "werkzeug",
        "cryptography",
        "urllib3",
        "qrcode",
        "PIL",
        "zxingcpp",
    }
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            top = name.partition(".")[0]
            assert top in allowed or top in sys.stdlib_module_names


@pytest.mark.processes
def test_it_runs_as_a_process_and_ends_when_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "simulator", "--port", "0", "--state", str(tmp_path)]
    root = Path(simulator.__file__).parent.parent
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, text=True, env={**os.environ}
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found
        stage = Stage(found.group())
        assert stage.control("GET", "/health")["status"] == "ok"
        stage.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
    assert (tmp_path / "simulator.db").exists()
