// A picture in full: read its code, save it, pass it on to a friend or to Moments.

import { act, base64, fetched } from "./calls.js";
import { h, onPress, panel, say } from "./dom.js";
import { found } from "./scan.js";
import { attempt, friends, go, refresh, state } from "./state.js";

let posting = null;
export const takePosting = () => { const blob = posting; posting = null; return blob; };

const post = (url) => attempt(async () => { posting = await fetched(url); go("/post"); });
const identify = (url) => attempt(async () => found(await fetched(url)));

const passOn = (url) => panel("发给谁？", friends().map((to) => [to, () => attempt(async () => {
  await act(state.me.name, "tell", { to, image: await base64(await fetched(url)) });
  await refresh();
  say(`已发给${to}`);
})]));

function save(url) {
  const link = h("a", { href: url, download: `微信图片-${url.split("/").at(-1).slice(0, 12)}.jpg` });
  link.click();
}

function viewer(url) {
  const dialog = h("dialog", { class: "viewer", "aria-label": "查看图片" });
  const then = (act) => () => { dialog.close(); act(url); };
  dialog.append(
    onPress(h("img", { src: url, alt: "图片", onclick: () => dialog.close() }), () => { dialog.close(); choose(url); }),
    h("div", { class: "strip" },
      h("button", { type: "button", onclick: then(identify) }, "识别二维码"),
      h("button", { type: "button", onclick: () => save(url) }, "保存图片"),
      h("button", { type: "button", onclick: then(passOn) }, "发给朋友"),
      h("button", { type: "button", onclick: then(post) }, "发到朋友圈")),
    h("button", { type: "button", class: "shut", "aria-label": "关闭", onclick: () => dialog.close() }, "×"),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.querySelector(".phone").append(dialog);
  dialog.showModal();
}

const choose = (url) => panel("", [
  ["识别图中二维码", () => identify(url)],
  ["保存图片", () => save(url)],
  ["发给朋友", () => passOn(url)],
  ["发到朋友圈", () => post(url)],
]);

// A tap shows it in full, a long press offers what can be done with it.
export function onPicture(image, url) {
  const button = h("button", { type: "button", class: "bare", "aria-label": "查看图片", onclick: () => viewer(url) }, image);
  return onPress(button, () => choose(url));
}
