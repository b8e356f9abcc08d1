// The list of chats, and one chat with an account or a friend: its lines, the menu, the keyboard.

import { act, base64 } from "./calls.js";
import { bubble, gist } from "./bubbles.js";
import { avatar, h, icon, panel, say, when } from "./dom.js";
import { scanFor } from "./scan.js";
import { account, attempt, chats, go, linesOf, markSeen, refresh, state, unread } from "./state.js";
import { opening } from "./texts.js";

const PAUSE_SECONDS = 300;

export function chatsScreen({ view }) {
  const update = () => {
    const rows = chats();
    view.replaceChildren(rows.length ? h("div", { class: "list" }, rows.map(row)) : h("div", { class: "empty" },
      h("p", {}, "还没有聊天"),
      h("p", {}, h("a", { class: "button small", href: "#/scan" }, "扫一张海报"))));
  };
  update();
  return { title: "微信", update };
}

function row(each) {
  const waiting = unread(each.key);
  return h("a", { class: "row tall", href: `#/chat/${encodeURIComponent(each.key)}` },
    h("span", { class: "badge" }, avatar(each.name, each.kind), waiting > 0 && h("b", { class: "count" }, waiting)),
    h("span", { class: "grow" }, h("b", { class: "name" }, each.name),
      h("span", { class: "dim line" }, each.last ? gist(each.last) : "已关注")),
    each.last && h("time", { class: "dim" }, when(each.last.at, state.now)));
}

export function chatScreen({ view, foot, key, title }) {
  const isFriend = key.startsWith("@");
  const name = isFriend ? key.slice(1) : account(key)?.name ?? "公众号";
  const list = h("div", { class: "lines", "aria-live": "polite" });
  const empty = h("p", { class: "empty" }, "还没有消息");
  view.append(list);
  let [last, lastAt, drawn, isOpen] = [0, 0, "", true];

  const tell = async (work) => {
    if (!isFriend) title("对方正在输入…");
    await attempt(work);
    await attempt(refresh);
    if (isOpen) title(name);
  };
  const send = (words, picture) => (isFriend
    ? act(state.me.name, "tell", { to: name, ...words, ...picture })
    : act(state.me.name, picture ? "send_image" : "say", { appid: key, ...words, ...picture }));
  const write = (text) => tell(() => send({ text }));
  const show = (file) => tell(async () => send({}, { image: await base64(file) }));

  function update() {
    const fresh = linesOf(key).filter((line) => line.number > last);
    const isAtEnd = view.scrollHeight - view.scrollTop - view.clientHeight < 120;
    for (const line of fresh) {
      if (line.at - lastAt > PAUSE_SECONDS) list.append(h("time", { class: "pause" }, when(line.at, state.now)));
      list.append(drawLine(line, { name, isFriend }, write));
      [last, lastAt] = [line.number, line.at];
    }
    if (list.childElementCount) empty.remove();
    else view.append(empty);
    if (fresh.length && isAtEnd) toEnd(view);
    markSeen(key);
    const now = JSON.stringify(account(key) ?? name);
    if (now !== drawn) drawFoot();
    drawn = now;
  }

  function drawFoot() {
    const tools = { tell, write, show };
    foot.replaceChildren(isFriend ? h("div", { class: "composer" }, keyboard(tools)) : composer(account(key), tools));
  }

  update();
  const corner = !isFriend && h("a", { class: "round", href: `#/account/${key}`, "aria-label": "公众号资料" }, icon("more"));
  return { title: name, back: "chats", corner: corner || undefined, update, ready: () => toEnd(view), leave: () => { isOpen = false; } };
}

function toEnd(view) {
  view.scrollTop = view.scrollHeight;
  for (const image of view.querySelectorAll("img")) {
    if (!image.complete) image.addEventListener("load", () => { view.scrollTop = view.scrollHeight; }, { once: true });
  }
}

function drawLine(line, { name, isFriend }, write) {
  if (line.side === "system") return h("p", { class: "system" }, line.content.content ?? "");
  const isMine = line.side === "person";
  return h("div", { class: isMine ? "said mine" : "said" },
    isMine ? avatar(state.me.name) : avatar(name, isFriend ? "person" : "account"), bubble(line, write));
}

// --- the bar below: follow first, then menu or keyboard ---------------------------------------
const typing = new Set(); // accounts where the keyboard is out

function composer(seen, tools) {
  if (!seen) return h("p", { class: "composer dim" }, "没有这个公众号");
  if (!seen.is_following) {
    return h("div", { class: "composer" }, h("button", { type: "button", class: "button", onclick: (event) => attempt(async () => {
      await act(state.me.name, "follow", { appid: seen.appid });
      await refresh();
    }, event.currentTarget) }, "关注公众号"));
  }
  const bar = h("div", { class: "composer" });
  const draw = () => {
    const isMenu = seen.menu.length > 0 && !typing.has(seen.appid);
    const swap = seen.menu.length > 0 && h("button", { type: "button", class: "round", "aria-label": isMenu ? "切换到键盘" : "切换到菜单", onclick: () => {
      typing[isMenu ? "add" : "delete"](seen.appid);
      draw();
      bar.querySelector("textarea")?.focus();
    } }, icon(isMenu ? "keys" : "menu"));
    bar.replaceChildren(swap || "", ...(isMenu ? buttons(seen, tools) : keyboard(tools)));
  };
  draw();
  return bar;
}

function keyboard({ write, show }) {
  const field = h("textarea", { rows: 1, "aria-label": "发消息", maxlength: 2000, enterkeyhint: "send" });
  const send = () => {
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    field.focus();
    write(text);
  };
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  const file = h("input", { type: "file", accept: "image/*", hidden: true, onchange: () => {
    const [image] = file.files;
    if (image) show(image);
    file.value = "";
  } });
  return [field, file,
    h("button", { type: "button", class: "round", "aria-label": "发图片", onclick: () => file.click() }, icon("plus")),
    h("button", { type: "button", class: "send", onclick: send }, "发送")];
}

function buttons(seen, tools) {
  return seen.menu.map((top) => {
    if (!top.sub_button?.length) return leaf(top, seen, tools);
    return h("button", { type: "button", class: "entry", "aria-haspopup": "dialog", onclick: () => {
      const dialog = panel(top.name, [], top.sub_button.map((each) => leaf(each, seen, tools)));
      dialog.addEventListener("click", (event) => { if (event.target.closest(".entry")) dialog.close(); });
    } }, icon("menu"), top.name);
  });
}

function leaf(button, seen, tools) {
  const tap = (more = {}) => tools.tell(() => act(state.me.name, "tap", { appid: seen.appid, button: button.key ?? button.name, ...more }));
  if (button.type === "view") return h("a", { class: "entry", ...opening(button.url), onclick: () => { tap(); } }, button.name);
  const scanned = () => scanFor(async (text) => { go(`/chat/${seen.appid}`); await tap({ scanned: text }); });
  const acts = { scancode_push: scanned, scancode_waitmsg: scanned, miniprogram: () => { tap(); say("小程序请在微信里打开"); } };
  return h("button", { type: "button", class: "entry", onclick: () => { (acts[button.type] ?? tap)(); } }, button.name);
}
