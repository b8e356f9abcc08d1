// People and accounts: who holds the phone, whom one follows, what one allows.

import { act, create } from "./calls.js";
import { avatar, h, panel, say, yuan } from "./dom.js";
import { account, attempt, friends, handOver, refresh, state } from "./state.js";

const POCKET_FEN = 2_000_000;

export function peopleList() {
  const rows = state.people.map((name) => h("button", {
    type: "button", class: "row", "aria-pressed": name === state.me?.name ? "true" : "false",
    onclick: (event) => attempt(() => handOver(name), event.currentTarget),
  }, avatar(name), h("span", { class: "grow" }, name), name === state.me?.name && h("span", { class: "dim" }, "正在用手机")));
  return h("div", { class: "list" }, rows,
    h("button", { type: "button", class: "row add", onclick: newcomer }, avatar("+", "plus"), h("span", { class: "grow" }, "新建一个人")));
}

function newcomer() {
  const name = h("input", { name: "name", required: true, maxlength: 20, pattern: "[^\\/]+", placeholder: "名字", "aria-label": "名字", autocomplete: "off" });
  const phone = h("input", { name: "phone", inputmode: "numeric", pattern: "1[0-9]{10}", placeholder: "手机号（可不填）", "aria-label": "手机号", autocomplete: "off" });
  const form = h("form", { class: "form" }, name, phone, h("button", { class: "button", type: "submit" }, "把手机给他"));
  const dialog = panel("新建一个人", [], [form]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = name.value.trim();
    if (!wanted || state.people.includes(wanted)) {
      say(wanted ? "已经有这个人了" : "请填名字");
      return;
    }
    attempt(async () => {
      await create(wanted, { phone: phone.value, balance_fen: POCKET_FEN });
      dialog.close();
      await handOver(wanted);
    });
  });
  name.focus();
}

export function peopleScreen({ view }) {
  const update = () => view.replaceChildren(
    h("p", { class: "lead" }, "谁在用这部手机？公众号、网页和支付都认他。"),
    peopleList(), h("p", { class: "empty beside" }, "在左边点一个人"));
  update();
  return { title: state.me ? "换一个人" : "模拟微信", back: state.me && "me", update };
}

export function meScreen({ view }) {
  const update = () => {
    const { name, phone, balance_fen: balance } = state.me;
    view.replaceChildren(
      h("div", { class: "card profile" }, avatar(name),
        h("span", { class: "grow" }, h("b", { class: "name" }, name), h("span", { class: "dim" }, phone || "未绑定手机号"))),
      h("div", { class: "list" },
        h("div", { class: "row" }, h("span", { class: "grow" }, "零钱"), h("span", { class: "dim" }, yuan(balance))),
        h("a", { class: "row go", href: "#/people" }, h("span", { class: "grow" }, "换一个人用手机"))));
  };
  update();
  return { title: "我", update };
}

export function contactsScreen({ view }) {
  const update = () => {
    const shown = state.accounts.filter((each) => each.kind === "official");
    view.replaceChildren(
      h("h2", {}, "公众号"),
      shown.length ? h("div", { class: "list" }, shown.map((each) => h("a", { class: "row go", href: `#/account/${each.appid}` },
        avatar(each.name, "account"), h("span", { class: "grow" }, each.name),
        h("span", { class: "dim" }, each.is_following ? "已关注" : "")))) : h("p", { class: "empty" }, "还没有公众号"),
      h("h2", {}, "朋友"),
      h("div", { class: "list" }, friends().map((name) => (
        h("a", { class: "row go", href: `#/chat/${encodeURIComponent(`@${name}`)}` }, avatar(name), h("span", { class: "grow" }, name))))));
  };
  update();
  return { title: "通讯录", update };
}

export function accountScreen({ view, key: appid }) {
  const doing = (name, more = {}) => (event) => attempt(async () => {
    await act(state.me.name, name, { appid, ...more });
    await refresh();
  }, event.currentTarget);
  const update = () => {
    const seen = account(appid);
    if (!seen) return view.replaceChildren(h("p", { class: "empty" }, "没有这个公众号"));
    return view.replaceChildren(
      h("div", { class: "card profile" }, avatar(seen.name, "account"),
        h("span", { class: "grow" }, h("b", { class: "name" }, seen.name), h("span", { class: "dim" }, seen.is_following ? "已关注" : "未关注"))),
      ...(seen.is_following ? followed(seen, doing) : [h("p", { class: "pad" }, h("button", { type: "button", class: "button", onclick: doing("follow") }, "关注公众号"))]));
  };
  update();
  return { title: "公众号资料", back: "contacts", update };
}

function followed(seen, doing) {
  return [
    h("p", { class: "pad" }, h("a", { class: "button", href: `#/chat/${seen.appid}` }, "发消息")),
    seen.templates.length ? h("h2", {}, "订阅通知（每允许一次，可收到一条）") : "",
    h("div", { class: "list" }, seen.templates.map((each) => h("div", { class: "row" },
      h("span", { class: "grow" }, each.title, h("span", { class: "dim line" }, each.left ? `还可收到 ${each.left} 条` : "未允许")),
      h("button", { type: "button", class: "button small", onclick: doing("consent", { answers: { [each.id]: "accept" } }) }, "允许一次")))),
    h("div", { class: "list" },
      h("button", { type: "button", class: "row", onclick: doing("block", { on: !seen.is_blocking }) }, h("span", { class: "grow" }, "接收消息"), h("span", { class: "dim" }, seen.is_blocking ? "已关闭" : "已开启")),
      h("button", { type: "button", class: "row danger", onclick: (event) => {
        const leave = doing("unfollow");
        const button = event.currentTarget;
        panel(`不再关注“${seen.name}”？`, [["不再关注", () => leave({ currentTarget: button })]]);
      } }, h("span", { class: "grow" }, "不再关注"))),
  ];
}
