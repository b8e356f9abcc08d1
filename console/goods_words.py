"""The Chinese words of the pages about products, stock and phone numbers."""

from collections.abc import Mapping
from typing import Final

from catalog.models import MoveKind, ProductKind
from catalog.number_models import NumberClass, NumberState

KINDS: Final[Mapping[str, str]] = {
    ProductKind.GOODS: "终端",
    ProductKind.PLAN: "套餐",
    ProductKind.SIM: "号卡",
    ProductKind.BUNDLE: "套装",
}
NUMBERS: Final[Mapping[str, str]] = {
    NumberState.FREE: "可选",
    NumberState.HELD: "预占",
    NumberState.SOLD: "已售",
    NumberState.QUARANTINED: "冷却中",
    NumberState.WITHDRAWN: "已撤出",
}
GRADES: Final[Mapping[str, str]] = {
    NumberClass.ORDINARY: "普通",
    NumberClass.FINE: "靓号",
    NumberClass.PREMIUM: "精品号",
}
MOVES: Final[Mapping[str, str]] = {
    MoveKind.RECEIVED: "入库",
    MoveKind.CORRECTED: "盘点更正",
    MoveKind.RESERVED: "下单预留",
    MoveKind.RELEASED: "释放预留",
    MoveKind.TAKEN: "售出",
    MoveKind.RETURNED: "退回",
}
EVENTS: Final[Mapping[str, str]] = {
    "plan_done": "营销策划完成",
    "resources_done": "资源准备完成",
    "training_done": "业务培训完成",
    "asked": "申请上架",
    "approved": "批准上架",
    "rejected": "驳回上架",
    "withdrawn": "撤回上架申请",
    "listed": "重新上架",
    "unlisted": "下架",
    "priced": "调整价格",
    "price_asked": "申请改价",
    "price_rejected": "驳回改价",
    "price_withdrawn": "撤回改价申请",
    "created": "新建商品",
    "described": "修改资料",
    "pictured": "更换图片",
    "sku_added": "添加规格",
    "sku_changed": "修改规格",
    "sku_offered": "恢复规格",
    "sku_stopped": "停售规格",
}
SETS: Final[Mapping[str, Mapping[str, str]]] = {
    "kind": KINDS,
    "number": NUMBERS,
    "grade": GRADES,
    "stock_move": MOVES,
    "product_event": EVENTS,
}
