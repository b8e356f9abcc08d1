"""Draw a sample poster from a template folder, so that a marketer sees it before anyone else does.

    python -m tools.preview_poster referral/poster/templates/personal build/personal.jpg

Two samples are drawn, one with short and one with the longest usual texts, and both must scan
to their link, also after what chats and Moments do to pictures. The second is written beside the
first with `-long` in its name. Exit code 1 says what is wrong with the template.
"""

import argparse
import sys
from datetime import date
from pathlib import Path

from referral.poster import PosterValues, TemplateInvalid, template_from_folder
from referral.poster.drawing import PosterTooHeavy, render
from referral.poster.proof import PosterUnreadable, survives_moments

LINK = "https://shop.example.com/s/SAbCdEfGhIjKlMnOpQrStUv1"

SHORT = PosterValues(
    link=LINK,
    name="王喆",
    title="客户经理",
    outlet="解放路营业厅",
    product="5G 畅享套餐",
    slogan="换机立减三百元",
    price_fen=9_900,
)
LONG = PosterValues(
    link=LINK,
    name="欧阳堃珺·阿不都热合曼",
    title="高级客户经理兼装维服务专员",
    outlet="高新技术产业开发区解放北路旗舰营业厅",
    product="5G 畅享 1,299 元全家融合套餐（含千兆宽带、两张副卡与智能网关）",
    slogan="新用户首月免费用，老用户换机立减三百元，欢迎到店或在线咨询，名额有限先到先得！",
    price_fen=1_299_950,
    expires_on=date(2026, 12, 21),
)


def main() -> int:
    """Draw both samples of the folder named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("poster", type=Path, help="the JPEG file to write")
    given = parser.parse_args()
    given.poster.parent.mkdir(parents=True, exist_ok=True)
    long = given.poster.with_stem(given.poster.stem + "-long")
    try:
        template = template_from_folder(given.folder)
        for values, path in ((SHORT, given.poster), (LONG, long)):
            path.write_bytes(render(template, values))
            if not survives_moments(path.read_bytes(), values.link):
                raise PosterUnreadable(f"{path}: does not survive Moments")
            print(f"{path}: {path.stat().st_size // 1024} KB, scans")
    except TemplateInvalid as refused:
        for key, reason in refused.details.items():
            print(f"{key}: {reason}", file=sys.stderr)
        return 1
    except (PosterUnreadable, PosterTooHeavy) as fault:
        print(fault or "too heavy: choose a quieter background", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
