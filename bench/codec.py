"""CPU of one encrypted push and its encrypted reply: ours beside wechatpy's, round by round.

    python -m bench.codec [rounds]

Prints process CPU time per push of both and the median of the per-round ratios (goal: 0.33). Both
check the signature over the ciphertext and the appid, and each reads what the other wrote.
"""

import statistics
import sys
import time
from collections.abc import Callable

from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.replies import create_reply

from bench.goals import tell
from wechat import events, replies
from wechat.codec import Codec
from wechat.xml import parse

APPID, TOKEN, KEY = "wx1234567890abcdef", "token", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
PUSHES = 500
GOAL = 0.33

Push = tuple[bytes, dict[str, str]]
codec = Codec(APPID, TOKEN, (KEY,))
theirs = WeChatCrypto(TOKEN, KEY, APPID)


def pushes() -> list[Push]:
    """Signed SCAN events of the usual size, each different."""
    made = []
    for number in range(PUSHES):
        event = (
            "<xml><ToUserName><![CDATA[gh_7f083739789a]]></ToUserName>"
            f"<FromUserName><![CDATA[oia2TjuEGTNoeX76QEjQNrcU{number:04}]]></FromUserName>"
            f"<CreateTime>{1395658920 + number}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
            f"<Event><![CDATA[SCAN]]></Event><EventKey><![CDATA[Srep{number:020}]]></EventKey>"
            f"<Ticket><![CDATA[gQF{'x' * 90}]]></Ticket>{' ' * 160}</xml>"
        )
        body = codec.seal(event.encode(), timestamp=1395658920 + number, nonce=str(10**9 + number))
        fields = parse(body)
        query = {
            "timestamp": str(fields["TimeStamp"]),
            "nonce": str(fields["Nonce"]),
            "msg_signature": str(fields["MsgSignature"]),
        }
        envelope = (
            f"<xml><ToUserName><![CDATA[gh_7f083739789a]]></ToUserName>"
            f"<Encrypt><![CDATA[{fields['Encrypt']}]]></Encrypt></xml>"
        )
        made.append((envelope.encode(), query))
    return made


def ours(raw: bytes, query: dict[str, str]) -> bytes:
    """Authenticate, decrypt, parse, reply, encrypt: every check kept."""
    opened = codec.open(
        raw,
        timestamp=query["timestamp"],
        nonce=query["nonce"],
        msg_signature=query["msg_signature"],
    )
    push = events.parse(events.fields(opened.plain))
    reply = replies.Text("欢迎回来").to(push).xml()
    return codec.seal(reply, timestamp=1395658920, nonce=query["nonce"], key_index=opened.key_index)


def wechatpys(raw: bytes, query: dict[str, str]) -> bytes:
    """The same with the library's documented calls."""
    text = theirs.decrypt_message(raw, query["msg_signature"], query["timestamp"], query["nonce"])
    reply = create_reply("欢迎回来", parse_message(text))
    return bytes(theirs.encrypt_message(reply.render(), query["nonce"]).encode())


def check(raw: bytes, query: dict[str, str]) -> None:
    """Both answer the same, and the library can read it."""
    written = [work(raw, query) for work in (ours, wechatpys)]
    contents = []
    for body in written:
        sealed = parse(body)
        signature, when = str(sealed["MsgSignature"]), str(sealed["TimeStamp"])
        text = theirs.decrypt_message(body, signature, when, query["nonce"])
        contents.append((parse(text.encode())["ToUserName"], parse(text.encode())["Content"]))
    if contents[0] != contents[1]:
        raise ValueError("the two answers differ")


def cpu_us(work: Callable[[bytes, dict[str, str]], bytes], made: list[Push]) -> float:
    started = time.process_time()
    for raw, query in made:
        work(raw, query)
    return (time.process_time() - started) / len(made) * 1e6


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    made = pushes()
    check(*made[0])
    cpu_us(ours, made), cpu_us(wechatpys, made)
    figures = [(cpu_us(ours, made), cpu_us(wechatpys, made)) for _ in range(rounds)]
    ratios = [mine / reference for mine, reference in figures]
    print(f"body {len(made[0][0])} bytes, {PUSHES} pushes x {rounds} rounds, process CPU time")
    print(f"ours      {statistics.median(mine for mine, _ in figures):7.1f} us")
    print(f"wechatpy  {statistics.median(reference for _, reference in figures):7.1f} us")
    tell("a push and its reply: CPU against wechatpy", ratios, at_most=GOAL)


if __name__ == "__main__":
    main()
