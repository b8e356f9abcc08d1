// Small pieces for building the screen: elements, avatars, times, notices, panels from below.

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const PATHS = {
  chats: "M4 5.5h16v11H10l-4.5 3.5v-3.5H4z",
  contacts: "M12 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.6-4 3.6-6 7.5-6s6.9 2 7.5 6z",
  discover: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM15.5 8.5l-2 5-5 2 2-5z",
  me: "M12 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM5 20c0-4 3-6 7-6s7 2 7 6z",
  back: "M15 4.5 7.5 12l7.5 7.5",
  scan: "M4 8.5V4h4.5M15.5 4H20v4.5M20 15.5V20h-4.5M8.5 20H4v-4.5M4 12h16",
  camera: "M4 7.5h4l1.5-2.5h5L16 7.5h4v11H4zM12 16a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z",
  moments: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 3v9l6 6.5M3.5 9 12 12l-5.5 7",
  keys: "M3 6.5h18v11H3zM6.5 10h.01M10.2 10h.01M13.9 10h.01M17.5 10h.01M8 14h8",
  menu: "M4 7h16M4 12h16M4 17h16",
  plus: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 8v8M8 12h8",
  link: "M9.5 14.5l5-5M8 11l-2 2a3.5 3.5 0 0 0 5 5l2-2M16 13l2-2a3.5 3.5 0 0 0-5-5l-2 2",
  more: "M5 12h.01M12 12h.01M19 12h.01",
};

export function icon(name) {
  const box = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  box.setAttribute("viewBox", "0 0 24 24");
  box.setAttribute("aria-hidden", "true");
  box.classList.add("icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  box.append(path);
  return box;
}

export function avatar(name, kind = "person") {
  let hue = 0;
  for (const letter of name) hue = (hue * 31 + letter.codePointAt(0)) % 8;
  return h("span", { class: `avatar hue${hue} ${kind}`, "aria-hidden": "true" }, [...name][0] ?? "?");
}

const day = (date) => date.toLocaleDateString("zh-CN", { month: "long", day: "numeric" });
const clock = (date) => date.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });

export function when(at, now) {
  const date = new Date(at * 1000);
  const isToday = date.toDateString() === new Date(now * 1000).toDateString();
  return isToday ? clock(date) : `${day(date)} ${clock(date)}`;
}

export function ago(at, now) {
  const minutes = Math.floor((now - at) / 60);
  if (minutes < 1) return "刚刚";
  if (minutes < 60) return `${minutes}分钟前`;
  if (minutes < 1440) return `${Math.floor(minutes / 60)}小时前`;
  return `${Math.floor(minutes / 1440)}天前`;
}

export const yuan = (fen) => `¥${(fen / 100).toFixed(2)}`;

let hiding;
export function say(text) {
  const box = document.querySelector("[data-toast]");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { box.hidden = true; }, 2600);
}

// A panel from below; `choices` are [words, what to do]. Esc and a tap beside it close it.
export function panel(title, choices, content = []) {
  const dialog = h("dialog", { class: "panel", "aria-label": title || "操作" });
  const choose = (act) => () => { dialog.close(); act?.(); };
  dialog.append(
    title ? h("p", { class: "dim" }, title) : "",
    ...content,
    ...choices.map(([words, act]) => (
      typeof act === "string"
        ? h("a", { href: act, target: "_blank", rel: "noopener", onclick: choose() }, words)
        : h("button", { type: "button", onclick: choose(act) }, words)
    )),
    h("button", { type: "button", class: "cancel", onclick: choose() }, "取消"),
  );
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => dialog.remove());
  document.querySelector(".phone").append(dialog);
  dialog.showModal();
  return dialog;
}

// Long press on a touch screen, right button on a desk.
export function onPress(element, act) {
  let timer;
  const stop = () => clearTimeout(timer);
  element.addEventListener("touchstart", () => { timer = setTimeout(act, 500); }, { passive: true });
  for (const name of ["touchend", "touchmove", "touchcancel"]) element.addEventListener(name, stop, { passive: true });
  element.addEventListener("contextmenu", (event) => { event.preventDefault(); stop(); act(); });
  return element;
}
