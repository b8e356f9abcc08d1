"""Words of what a campaign may not say, each with where it means something else.

As `phrases` compares them: small letters, simplified characters, no signs between.
"""

from typing import Final

from campaigns.phrases import Words

DIGITS: Final = "一二三四五六七八九0123456789"
_NUMBERS: Final = f"{DIGITS}两几十百多"

_ACTS: Final = (
    *("领", "送", "得", "返", "赚", "抽", "奖", "免费", "红包", "免单", "立减", "礼", "换"),
    *("拿", "赢", "赠", "现金", "惊喜"),
)
_GOODS: Final = ("话费", "流量", "积分", "优惠", "佣金", "提成", "券")
OTHERWISE: Final = (
    *("心得", "记得", "觉得", "值得", "懂得", "不得", "难得", "显得", "使得", "取得"),
    *("得知", "得以"),
    *("配送", "派送", "发送", "寄送", "运送", "推送", "传送", "接送", "输送"),
    *("送达", "送货", "送到", "送修", "送检", "送至", "送往", "送回"),
    *("返回", "返厂", "返修", "返乡", "返程", "返校", "往返"),
    *("领导", "带领", "引领", "领域", "领先", "本领", "领航", "领略", "领衔", "领跑"),
    *("抽空", "抽时间", "抽检", "抽查", "礼拜", "礼貌"),
    *("换卡", "更换", "换机", "换货", "转换", "切换", "补换"),
    *("拿好", "拿到", "拿出", "拿走", "共赢", "双赢", "现金支付", "现金缴", "现金付款", "现金押金"),
)
"""What no reward is meant by, with a word in it that else means one."""
ACT: Final = Words(*_ACTS, but=OTHERWISE)
ACT_AFTER_FOLLOWING: Final = Words(*_ACTS, "券", "佣金", "提成", but=(*OTHERWISE, "返还"))
"""Data and phone credit alone are what people follow an account for: 关注公众号查话费."""
ENJOY: Final = Words("享", "有", "加", but=("享受", "所有", "如有", "没有", "加载"))
ENJOYED: Final = Words(*_GOODS, "折扣", "双倍", "翻倍", *(f"{each}折" for each in DIGITS))
REWARD: Final = Words(*_ACTS, *_GOODS, but=OTHERWISE)
GIVEN: Final = Words("给", "给您", "给你", "减", "加", "补", but=("减少", "减速", "增加", "加载"))
MONEY: Final = Words(*(f"{each}{unit}" for each in _NUMBERS for unit in ("元", "块")))
PRIZE: Final = Words(*_ACTS, *_GOODS, "会员", "手机", *(f"{each}元" for each in _NUMBERS))
AND_GET: Final = Words(
    *("领", "送", "得", "返", "赚", "抽", "赢", "拿", "赠", "换", "立减", "兑", "免费", "即可"),
    but=(*OTHERWISE, "返还", "换领"),
    opens=True,
)

_SHARE: Final = ("分享", "转发", "朋友圈", "发送给", "发给好友", "发到群", "发圈")
_SHARED_CONTRACT: Final = (
    *("分享给副卡", "副卡分享", "分享副卡"),
    *(
        f"{up_to}分享给{each}{unit}{who}"
        for up_to in ("最多", "可")
        for each in DIGITS
        for unit in "位个张"
        for who in ("家人", "副卡", "成员")
    ),
)
"""Cards of one contract share what it holds."""
_NEVER: Final = ("勿", "不要", "不得", "不可", "严禁", "禁止", "谨防")
_NOT_TO_SHARE: Final = tuple(
    f"{never}{between}{share}"
    for never in _NEVER
    for between in (
        *("", "随意", "轻易", "擅自", "泄露", "泄露或", "透露或", "分享或", "转发或", "截图或"),
        *("向他人", "对外", "将其", "将验证码", "把验证码", "将密码", "将取货码", "将授权码"),
    )
    for share in ("分享", "转发", "发送给", "转发给好友", "发给好友")
) + tuple(
    f"{never}{way}朋友圈"
    for never in _NEVER
    for way in ("在", "发", "晒", "转发", "转发到", "转发至", "分享到", "分享至", "发到")
)
_ELSE_THAN_SHARE: Final = (
    *("分享受", "积分享", "分享热点", "热点分享", "发送给您", "发送给你"),
    *("朋友圈同款", "刷朋友圈", "看朋友圈", "朋友圈免流", "朋友圈广告", "研发圈", "开发圈"),
    *_SHARED_CONTRACT,
    *_NOT_TO_SHARE,
)
_ASKED: Final = tuple(f"要不要{each}" for each in ("分享", "转发", "发送给"))
"""No 不要: who asks so wants it shared."""
SHARE: Final = Words(*_SHARE, *_ASKED, but=_ELSE_THAN_SHARE)
SENT_TO: Final = Words(*(f"发给{each}" for each in _NUMBERS))
SHARE_LINK: Final = Words(
    *_SHARE, *_ASKED, but=("分享链接", "分享的", "分享码", "分享人", *_ELSE_THAN_SHARE)
)
SHARE_AFTER: Final = Words(
    *_SHARE,
    *_ASKED,
    but=(
        *_ELSE_THAN_SHARE,
        *(
            f"分享{whose}{what}"
            for whose in ("", "您的", "你的")
            for what in ("评价", "体验", "使用体验", "心得", "感受", "建议", "意见", "定位", "位置")
        ),
    ),
)
"""What one thinks of something is no link: 已领取，请分享您的评价."""

FOLLOW: Final = Words(
    "关注",
    but=(
        *("关注您的", "关注自己", "关注话费", "关注流量", "关注套餐"),
        *("感谢关注", "感谢您关注", "您的关注"),
    ),
)

FRIENDS: Final = Words(
    *("好友", "朋友", "亲友", "代理", "人头", "同事", "家人", "亲戚", "邻居", "同学"),
    *(f"{each}人" for each in _NUMBERS),
    but=(
        *("朋友圈", "朋友价", "亲友网", "亲友圈", "亲友套餐"),
        *("您和家人", "您与家人", "您及家人", "您携家人", "家人共享", "家人套餐", "家庭成员"),
        *(f"{each}人{what}" for each in _NUMBERS for what in ("套餐", "共享", "间", "工")),
    ),
)
NEWCOMERS: Final = Words(
    *("新人", "新客", "新用户", "下线"),
    but=tuple(
        f"{who}{what}"
        for who in ("新人", "新客", "新客户", "新用户")
        for what in ("专享", "专属", "套餐", "首月")
    ),
)
_PULLED: Final = (
    *("拉网线", "拉线", "拉新线", "拉宽带", "拉光纤", "拉专线"),
    *("拉萨", "拉丁", "马拉松"),
)
BRING: Final = Words("邀请", "拉", "发展", "推荐", "介绍", but=_PULLED)
BRING_NEW: Final = Words(
    *("邀请", "拉", "发展", "推荐", "介绍"),
    but=(
        *_PULLED,
        *(f"{to}{you}{tells}" for to in "为向给" for you in "您你" for tells in ("推荐", "介绍")),
    ),
)
"""为您推荐新客套餐 recommends something to a new customer, not him to us."""
PAY: Final = Words(
    *("提成", "佣金", "分成", "业绩", "奖励", "收益", "分红", "计酬", "报酬", "人头"),
    *("返现", "返利", "返佣", "返钱", "赚"),
)
RECRUIT: Final = Words(
    *("发展", "邀请", "拉", "招", "招募", "带", "找"),
    but=("业务发展", "网络发展", "技术发展", "宽带", "带来", *_PULLED),
)
ONES: Final = Words(
    *("我的", "你的", "您的", "他的", "自己的", "每个", "多个", "几个", "上级"),
    *(f"{each}{unit}" for each in _NUMBERS for unit in ("个", "名", "位")),
)
DOWNLINE: Final = Words(
    "下线",
    but=(
        *("下线通知", "下线公告", "下线时间", "下线前", "下线后", "下线提醒", "下线日"),
        *("下线申请", "下线设备", "下线套餐"),
    ),
)
"""Somebody's, or paid for; what an operator takes out of service is nobody's."""

HELP: Final = Words(
    "助力",
    but=(
        *("帮助力", "协助力", "援助力", "助力车"),
        *(
            f"助力{what}"
            for what in (
                *("乡村", "企业", "数字", "高考", "千行", "地方", "春运", "美好", "智慧", "智能"),
                *("经济", "产业", "农业", "农村", "三农", "教育", "医疗", "养老", "创业", "就业"),
                *("复工", "复产", "抗疫", "防汛", "救灾", "出行", "双碳", "绿色", "环保", "转型"),
                *("高质量", "城市", "社区", "中小", "实体", "信息化", "民生"),
            )
        ),
    ),
)
COLLECTED: Final = Words("卡", "福", "字", "碎片", "印章")
EXCHANGED: Final = Words(
    *("兑换", "兑奖", "换取", "换礼", "换话费", "换流量", "赢", "抽奖", "领奖", "领取奖", "得奖")
)
SAVED: Final = Words("省", "减", "价", "优惠", "折", but=("省份", "减速", "减少"))
