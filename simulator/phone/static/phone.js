// The phone: which screen is open, its title and its tabs.

import { chatScreen, chatsScreen } from "./chats.js";
import { h, icon } from "./dom.js";
import { accountScreen, contactsScreen, meScreen, peopleList, peopleScreen } from "./people.js";
import { discoverScreen, momentsScreen, postScreen } from "./moments.js";
import { scanScreen } from "./scan.js";
import { chats, keepLooking, onChange, state, unread } from "./state.js";

const SCREENS = {
  chats: chatsScreen, chat: chatScreen, contacts: contactsScreen, account: accountScreen,
  discover: discoverScreen, moments: momentsScreen, post: postScreen, scan: scanScreen,
  me: meScreen, people: peopleScreen,
};
const TABS = [["chats", "微信"], ["contacts", "通讯录"], ["discover", "发现"], ["me", "我"]];
const [top, view, foot, side] = ["top", "view", "foot", "people"].map((name) => document.querySelector(`[data-${name}]`));
let open = { name: "", update() {}, leave() {} };

function show() {
  let [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  if (!state.me) name = "people";
  else if (!SCREENS[name]) name = "chats";
  open.leave?.();
  view.replaceChildren();
  foot.replaceChildren();
  view.className = `view ${name}`;
  view.scrollTop = 0;
  open = { name, ...SCREENS[name]({ view, foot, key: decodeURIComponent(rest.join("/")), title: setTitle }) };
  drawTop();
  if (TABS.some(([tab]) => tab === name)) drawTabs();
  open.ready?.();
}

function drawTop() {
  top.replaceChildren(
    open.back ? h("a", { class: "round", href: `#/${open.back}`, "aria-label": "返回" }, icon("back")) : h("span"),
    h("h1", { "data-title": true }, open.title),
    open.corner ?? h("span"),
  );
}

function setTitle(text) {
  top.querySelector("[data-title]").textContent = text;
}

function drawTabs() {
  const waiting = chats().reduce((sum, each) => sum + unread(each.key), 0);
  foot.replaceChildren(h("nav", { class: "tabs", "aria-label": "主导航" }, TABS.map(([name, words]) => (
    h("a", { href: `#/${name}`, "aria-current": name === open.name && "page" }, icon(name), words,
      name === "chats" && waiting > 0 && h("b", { class: "count" }, waiting > 99 ? "99+" : waiting))
  ))));
}

let shownFor = null;
function update() {
  const name = state.me?.name ?? "";
  side.replaceChildren(peopleList());
  if (name !== shownFor) {
    shownFor = name;
    show();
    return;
  }
  open.update?.();
  if (TABS.some(([tab]) => tab === open.name)) drawTabs();
}

window.addEventListener("hashchange", show);
onChange(update);
keepLooking();
