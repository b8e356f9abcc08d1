"""What the platform sealed opens, what anybody else sends is refused in one way."""

import json
import threading
from base64 import b64decode, b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.utils import check_signature

from wechat.codec import Codec, NotAuthentic, Opened
from wechat.xml import parse

APPID, TOKEN = "wx1234567890abcdef", "token-canary"
KEY, OLD_KEY, FOREIGN_KEY = (letter * 42 + "E" for letter in "abc")
WHEN, NONCE = "1714037059", "486452656"
SCAN = (
    b"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oBob]]></FromUserName>"
    b"<CreateTime>1714037059</CreateTime><MsgType><![CDATA[event]]></MsgType>"
    b"<Event><![CDATA[SCAN]]></Event><EventKey><![CDATA[rep-1]]></EventKey></xml>"
)


@pytest.fixture
def codec() -> Codec:
    return Codec(APPID, TOKEN, (KEY, OLD_KEY))


def envelope(encrypt: str) -> bytes:
    return (
        f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName>"
        f"<Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"
    ).encode()


def sealed_by_wechatpy(message: bytes, key: str = KEY, appid: str = APPID) -> str:
    reply = WeChatCrypto(TOKEN, key, appid).encrypt_message(message.decode(), NONCE, WHEN)
    return str(parse(reply.encode())["Encrypt"])


def encrypted_frame(frame: bytes, key: str = KEY) -> str:
    """A ciphertext over exactly these bytes, for frames no honest sender makes."""
    raw_key = b64decode(key + "=")
    encryptor = Cipher(algorithms.AES(raw_key), modes.CBC(raw_key[:16])).encryptor()
    return b64encode(encryptor.update(frame) + encryptor.finalize()).decode()


def opened(codec: Codec, raw: bytes, encrypt: str) -> Opened:
    return codec.open(
        raw, timestamp=WHEN, nonce=NONCE, msg_signature=codec.signature(WHEN, NONCE, encrypt)
    )


def refused(codec: Codec, encrypt: str) -> None:
    """Validly signed, and still not to be believed."""
    with pytest.raises(NotAuthentic) as caught:
        opened(codec, envelope(encrypt), encrypt)
    assert str(caught.value) == "not authentic"
    assert caught.value.__cause__ is None


def test_the_published_signatures_come_out() -> None:
    codec = Codec("wxba5fad812f8e6fb9", "AAAAA", ("A" * 43,))
    assert codec.signature("1714036504", "1514711492") == "f464b24fc39322e44b38aa78f5edd27bd1441696"
    assert codec.signature("1714037059", "486452656") == "899cf89e464efb63f54ddac96b0a0a235f53aa78"
    codec.verify_url(
        signature="f464b24fc39322e44b38aa78f5edd27bd1441696",
        timestamp="1714036504",
        nonce="1514711492",
    )


def test_the_published_reply_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wechat.codec.os.urandom", lambda _size: b"707722b803182950")
    codec = Codec("wxba5fad812f8e6fb9", "AAAAA", ("A" * 43,))
    body = codec.seal(
        b'{"demo_resp":"good luck"}', timestamp=1713424427, nonce="415670741", is_json=True
    )
    encrypt = (
        "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    )
    assert json.loads(body) == {
        "Encrypt": encrypt,
        "MsgSignature": "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1",
        "TimeStamp": 1713424427,
        "Nonce": "415670741",
    }
    assert opened(codec, body, encrypt) == Opened(b'{"demo_resp":"good luck"}', 0, is_json=True)


@pytest.mark.parametrize("signature", ["", "f464", "é", "\udcff", "F" * 40])
def test_a_wrong_address_check_is_refused(codec: Codec, signature: str) -> None:
    with pytest.raises(NotAuthentic):
        codec.verify_url(signature=signature, timestamp=WHEN, nonce=NONCE)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=200))
def test_what_wechatpy_seals_we_open(text: str) -> None:
    codec = Codec(APPID, TOKEN, (KEY,))
    encrypt = sealed_by_wechatpy(text.encode())
    assert opened(codec, envelope(encrypt), encrypt).plain == text.encode()


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=200))
def test_what_we_seal_wechatpy_opens(text: str) -> None:
    body = Codec(APPID, TOKEN, (KEY,)).seal(text.encode(), timestamp=1714037059, nonce=NONCE)
    fields: dict[str, Any] = parse(body)
    crypto = WeChatCrypto(TOKEN, KEY, APPID)
    assert crypto.decrypt_message(body, fields["MsgSignature"], fields["TimeStamp"], NONCE) == text


def test_wechatpy_agrees_on_address_signatures(codec: Codec) -> None:
    check_signature(TOKEN, codec.signature(WHEN, NONCE), WHEN, NONCE)
    with pytest.raises(InvalidSignatureException):
        check_signature(TOKEN, codec.signature(WHEN, "other"), WHEN, NONCE)


def test_pushes_under_both_keys_open_while_a_change_is_under_way(codec: Codec) -> None:
    for index, key in enumerate((KEY, OLD_KEY)):
        encrypt = sealed_by_wechatpy(SCAN, key)
        assert opened(codec, envelope(encrypt), encrypt) == Opened(SCAN, index, is_json=False)
    after = Codec(APPID, TOKEN, (KEY,))
    refused(after, sealed_by_wechatpy(SCAN, OLD_KEY))


def test_the_reply_is_sealed_under_the_key_of_its_push(codec: Codec) -> None:
    body = codec.seal(b"hello", timestamp=int(WHEN), nonce=NONCE, key_index=1)
    signature = parse(body)["MsgSignature"]
    assert (
        WeChatCrypto(TOKEN, OLD_KEY, APPID).decrypt_message(body, signature, WHEN, NONCE) == "hello"
    )


def test_any_number_of_messages_go_through_one_codec_in_any_order(codec: Codec) -> None:
    crypto = WeChatCrypto(TOKEN, KEY, APPID)
    encrypt = sealed_by_wechatpy(SCAN)
    for number in range(5):
        assert opened(codec, envelope(encrypt), encrypt).plain == SCAN
        refused(codec, sealed_by_wechatpy(SCAN, appid="wxffffffffffffffff"))
        body = codec.seal(f"reply {number}".encode(), timestamp=int(WHEN), nonce=NONCE)
        signature = parse(body)["MsgSignature"]
        assert crypto.decrypt_message(body, signature, WHEN, NONCE) == f"reply {number}"


def test_equal_replies_are_never_sealed_alike(codec: Codec) -> None:
    bodies = {codec.seal(b"hello", timestamp=int(WHEN), nonce=NONCE) for _ in range(100)}
    assert len(bodies) == 100


def test_threads_share_a_codec(codec: Codec) -> None:
    encrypt, found = sealed_by_wechatpy(SCAN), list[bytes]()

    def work() -> None:
        found.extend(opened(codec, envelope(encrypt), encrypt).plain for _ in range(200))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [SCAN] * 800


@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: f"<xml><Encrypt>{text}</Encrypt></xml>",
        lambda text: f"<?xml version='1.0'?><xml>\n<Encrypt >{text}</Encrypt></xml>",
        lambda text: (
            f"<xml><Content>&lt;Encrypt></Content><Encrypt><![CDATA[{text}]]></Encrypt></xml>"
        ),
        lambda text: json.dumps({"ToUserName": "gh_1", "Encrypt": text}),
    ],
)
def test_envelopes_open_in_every_form(codec: Codec, wrap: Any) -> None:
    encrypt = sealed_by_wechatpy(SCAN)
    assert opened(codec, wrap(encrypt).encode(), encrypt).plain == SCAN


@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: f"<xml><Encrypt><![CDATA[{text}]]></Encrypt><Encrypt>x</Encrypt></xml>",
        lambda text: f"<!DOCTYPE xml><xml><Encrypt><![CDATA[{text}]]></Encrypt></xml>",
        lambda text: f"<xml><?x?><Encrypt><![CDATA[{text}]]></Encrypt></xml>",
        lambda text: f"<xml><Encrypt><a>{text}</a></Encrypt></xml>",
        lambda _text: "<xml><Encrypt></Encrypt></xml>",
        lambda text: f"<xml>{' ' * 70_000}<Encrypt><![CDATA[{text}]]></Encrypt></xml>",
        lambda text: f'{{"Encrypt": "{text}", "Encrypt": "{text}"}}',
        lambda _text: '{"Encrypt": 1}',
        lambda _text: "[]",
        lambda _text: "",
    ],
)
def test_ambiguous_envelopes_are_refused(codec: Codec, wrap: Any) -> None:
    encrypt = sealed_by_wechatpy(SCAN)
    with pytest.raises(NotAuthentic):
        opened(codec, wrap(encrypt).encode(), encrypt)


def test_a_captured_signature_opens_nothing_else(codec: Codec) -> None:
    signature = codec.signature(WHEN, NONCE, sealed_by_wechatpy(SCAN))
    with pytest.raises(NotAuthentic):
        codec.open(
            envelope(sealed_by_wechatpy(b"<xml/>")),
            timestamp=WHEN,
            nonce=NONCE,
            msg_signature=signature,
        )


def test_every_flipped_byte_is_refused(codec: Codec) -> None:
    encrypt = sealed_by_wechatpy(SCAN)
    signature = codec.signature(WHEN, NONCE, encrypt)
    sealed = b64decode(encrypt)
    for at in range(len(sealed)):
        flipped = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        raw = envelope(b64encode(flipped).decode())
        with pytest.raises(NotAuthentic):
            codec.open(raw, timestamp=WHEN, nonce=NONCE, msg_signature=signature)


def test_every_flipped_byte_of_length_appid_and_padding_is_refused_though_signed(
    codec: Codec,
) -> None:
    frame = bytes(16) + len(SCAN).to_bytes(4, "big") + SCAN + APPID.encode()
    size = 32 - len(frame) % 32
    frame += bytes([size]) * size
    body = range(20, 20 + len(SCAN))
    for at in set(range(16, len(frame))) - set(body):
        refused(codec, encrypted_frame(frame[:at] + bytes([frame[at] ^ 1]) + frame[at + 1 :]))


@pytest.mark.parametrize("length", [0, 1, len(SCAN) - 1, len(SCAN) + 1, 2**31, 2**32 - 1])
def test_a_wrong_length_field_is_refused(codec: Codec, length: int) -> None:
    frame = bytes(16) + length.to_bytes(4, "big") + SCAN + APPID.encode()
    size = 32 - len(frame) % 32
    refused(codec, encrypted_frame(frame + bytes([size]) * size))


@pytest.mark.parametrize("padding", [0, 33, 64, 255])
def test_a_wrong_padding_is_refused(codec: Codec, padding: int) -> None:
    frame = bytes(16) + (5).to_bytes(4, "big") + b"hello" + APPID.encode()
    size = 32 - len(frame) % 32
    refused(codec, encrypted_frame(frame + bytes(size - 1) + bytes([padding])))


@pytest.mark.parametrize(
    "encrypt", ["=", "AAAA", "A" * 64, "not base64!", "é" * 44, "A" * 43 + "\n"]
)
def test_what_is_no_ciphertext_is_refused(codec: Codec, encrypt: str) -> None:
    refused(codec, encrypt)


def test_a_push_for_another_account_is_refused(codec: Codec) -> None:
    refused(codec, sealed_by_wechatpy(SCAN, appid="wxffffffffffffffff"))
    refused(codec, sealed_by_wechatpy(SCAN, key=FOREIGN_KEY))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_no_signed_rubbish_raises_anything_else(rubbish: bytes) -> None:
    codec = Codec(APPID, TOKEN, (KEY, OLD_KEY))
    refused(codec, b64encode(rubbish).decode())


@pytest.mark.parametrize("keys", [(), ("short",), ("=" * 43,), ("a" * 44,), ("é" * 43,)])
def test_keys_of_another_shape_stop_the_start(keys: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"key|Key"):
        Codec(APPID, TOKEN, keys)


def test_no_secret_is_printed(codec: Codec) -> None:
    shown = repr(codec) + str(codec)
    assert APPID in shown
    assert TOKEN not in shown
    assert KEY not in shown
