"""What the acts of the audit trail are called, and how their changes read."""

from collections.abc import Mapping
from typing import Final

ACTS: Final[Mapping[str, str]] = {
    "console.sign_in.enter": "登录",
    "console.sign_in.enter_code": "登录（两步验证）",
    "console.account.begin_factor": "申请两步验证",
    "console.account.codes": "重新生成恢复码",
    "console.account.confirm_factor": "启用两步验证",
    "console.account.drop": "停用两步验证",
    "console.account.end": "退出设备",
    "console.account.end_others": "退出其他设备",
    "console.account.new_password": "修改密码",
    "console.staff.create": "新建账号",
    "console.staff.transfer": "变更角色或单位",
    "console.staff.disable": "停用账号",
    "console.staff.enable": "恢复账号",
    "console.staff.reset": "重置密码",
    "console.reps.assign_codes": "分配工号",
    "console.reps.disable": "停用员工",
    "console.reps.enable": "恢复员工",
    "console.reps.invite": "生成邀请码",
    "console.reps.leave": "员工离职",
    "console.reps.unbind": "解除微信绑定",
    "console.calendar.add_days": "导入日历",
    "console.calendar.dispatch": "派单规则",
    "console.calendar.forget_day": "删除日历日",
    "console.calendar.same_day": "当日达规则",
    "console.calendar.serial": "扫码规则",
    "console.billing.again": "重新交接计费",
    "console.kpis.reply": "回复评价",
    "console.pool.dispatch": "改派订单",
    "console.pool.exchange": "换货",
    "console.pool.goods_back": "收回货物",
    "console.payouts.propose": "提出发放",
    "console.payouts.approve": "批准发放",
    "console.payouts.reject": "驳回发放",
    "console.payouts.resume": "继续发放",
    "console.payouts.cancel": "撤销转账",
    "console.payouts.file_csv": "下载付款文件",
    "console.payouts.file_xlsx": "下载付款文件",
    "console.payouts.take_return": "上传回盘文件",
    "console.payouts.apply_return": "登记回盘结果",
    "console.periods.ask": "申请例外月结",
    "console.periods.approve": "批准例外月结",
    "console.periods.close": "月结",
    "console.products.ask": "申请上架",
    "console.products.decide": "上架审批",
    "console.products.list_again": "重新上架",
    "console.products.recount": "盘点库存",
    "console.products.reprice": "改价",
    "console.products.restock": "入库",
    "console.products.tick": "上架准备",
    "console.products.unlist": "下架",
    "console.real_names.decide": "实名判定",
    "console.rates.propose": "申请佣金变更",
    "console.rates.approve": "批准佣金变更",
    "console.rates.refuse": "驳回佣金变更",
    "console.rates.preview": "佣金测算",
    "console.reconciliation.close": "日清",
    "console.reconciliation.end": "处理差异",
    "console.reconciliation.run": "重新对账",
    "console.refunds.ask": "申请退款",
    "console.refunds.decide": "退款审批",
    "console.refunds.work_off": "处理退款异常",
    "console.repair.close": "关闭资金异常",
    "console.repair.replay": "重做任务",
    "console.statements.chain": "核对结算单",
}
_VERBS: Final[Mapping[str, str]] = {
    "insert": "新增",
    "update": "修改",
    "delete": "删除",
    "more": "另有更多变更",
}
_TABLES: Final[Mapping[str, str]] = {
    "invite": "邀请码",
    "operator_identity": "工号",
    "org_node": "单位",
    "org_path": "单位层级",
    "recovery_code": "恢复码",
    "rep": "员工",
    "rep_binding": "微信绑定",
    "staff": "账号",
    "staff_factor": "两步验证",
    "staff_session": "登录设备",
}


def act_words(what: str) -> str:
    """What an act is called; its own name where it has no other."""
    return ACTS.get(what, what)


def change_words(table: str, verb: str) -> str:
    """`修改账号`; a table without a name keeps its own."""
    return f"{_VERBS.get(verb, verb)} {_TABLES.get(table, table)}".strip()
