"""Who comes while something is wanting: people who follow, people who read, staff with a picture."""

import http.client
import threading
import time
from collections import Counter
from io import BytesIO
from typing import Final

from PIL import Image

from demo.places import HOST
from demo.story.browser import Browser, Unreachable
from demo.story.frame import Story, expect
from demo.story.proving import desk

READERS: Final = 16
ANSWER_SECONDS: Final = 6.0
WAIT_SECONDS: Final = 45.0
EDITOR: Final = "province"
PRODUCT: Final = "SELECT number FROM product WHERE kind = 'goods' ORDER BY id LIMIT 1"
HUNG: Final = "已添加 1 张图片"


def follow(story: Story, name: str, count: int) -> None:
    """So many follow; the platform comes again where it is asked to."""
    for number in range(count):
        person = f"S{name}x{number}"
        story.meet(person, f"135{number:08d}")
        story.act(person, "follow", wait=False)


def read(port: int, seconds: float, wanted: str = "") -> dict[str, int]:
    """People who read the mall's first page for some seconds; their answers by status.

    They go on, for a while, until one of them got the answer that is wanted.
    """
    answers, began = Counter[str](), time.monotonic()

    def is_over() -> bool:
        gone = time.monotonic() - began
        return gone > seconds and (not wanted or bool(answers[wanted]) or gone > WAIT_SECONDS)

    def ask() -> None:
        while not is_over():
            connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_SECONDS)
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                answer.read()
                answers[str(answer.status)] += 1
            except (OSError, http.client.HTTPException):
                answers["none"] += 1
                time.sleep(0.2)
            finally:
                connection.close()

    threads = [threading.Thread(target=ask) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(answers)


class Editor:
    """Somebody who hangs up pictures of a product."""

    def __init__(self, story: Story) -> None:
        self._browser: Browser = desk(story, EDITOR)
        self._page = f"/console/products/{story.value(PRODUCT)}"
        self._browser.get(self._page)
        self._shade = 0

    def is_taken(self) -> bool:
        """Send one more picture: whether it hangs now, or he was asked to come again."""
        self._shade += 1
        picture = BytesIO()
        Image.new("RGB", (600, 600), (self._shade, 90, 90)).save(picture, "PNG")
        try:
            page = self._browser.upload(f"{self._page}/album", "p.png", picture.getvalue())
        except Unreachable:
            return False
        expect("a picture that was taken", HUNG in page.text, True)
        return True
