"""Invented names of people, the same in the same order for the same seed."""

from collections.abc import Iterator
from random import Random

_SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林罗高梁郑谢宋唐许韩冯邓曹彭曾萧田董袁潘蔡蒋"
_GIVEN = [
    "伟",
    "芳",
    "娜",
    "敏",
    "静",
    "丽",
    "强",
    "磊",
    "军",
    "洋",
    "勇",
    "艳",
    "杰",
    "娟",
    "涛",
    "明",
    "超",
    "霞",
    "平",
    "刚",
    "桂英",
    "建华",
    "志强",
    "秀兰",
    "海燕",
    "晓东",
    "雪梅",
    "文博",
    "子涵",
    "雨桐",
    "梓萱",
    "浩然",
    "思远",
    "嘉怡",
    "俊杰",
    "欣怡",
    "宇航",
    "诗琪",
    "泽洋",
    "语嫣",
    "喆",
    "堃",
    "珺",
    "玥",
]


def people(seed: int) -> Iterator[str]:
    """One name after another, none twice."""
    random = Random(seed)  # noqa: S311 - invented names, no secret
    seen = set()
    while True:
        name = random.choice(_SURNAMES) + random.choice(_GIVEN)
        if name not in seen:
            seen.add(name)
            yield name
