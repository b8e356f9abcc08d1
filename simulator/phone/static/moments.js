// Discover and Moments: what people posted, and posting.

import { act, base64 } from "./calls.js";
import { ago, avatar, h, icon } from "./dom.js";
import { onPicture, takePosting } from "./pictures.js";
import { attempt, go, refresh, state } from "./state.js";
import { opening, rich } from "./texts.js";

export function discoverScreen({ view }) {
  const entry = (path, name, words) => h("a", { class: "row go", href: `#/${path}` }, icon(name), h("span", { class: "grow" }, words));
  view.append(
    h("div", { class: "list" }, entry("moments", "moments", "朋友圈")),
    h("div", { class: "list" }, entry("scan", "scan", "扫一扫")));
  return { title: "发现" };
}

export function momentsScreen({ view }) {
  const update = () => view.replaceChildren(
    h("div", { class: "cover" }, h("b", {}, state.me.name), avatar(state.me.name)),
    ...(state.moments.length ? state.moments.map(moment) : [h("p", { class: "empty" }, "还没有人发朋友圈")]));
  update();
  const corner = h("a", { class: "round", href: "#/post", "aria-label": "发表" }, icon("camera"));
  return { title: "朋友圈", back: "discover", corner, update };
}

function moment(each) {
  return h("article", { class: "moment" }, avatar(each.person), h("div", { class: "grow" },
    h("b", { class: "name" }, each.person),
    each.text && h("p", { class: "words" }, rich(each.text)),
    each.picture && onPicture(h("img", { src: each.picture, alt: `${each.person}发的图片`, loading: "lazy" }), each.picture),
    each.url && h("a", { class: "card link", ...opening(each.url) }, icon("link"), h("span", { class: "grow" }, each.title || each.url)),
    h("time", { class: "dim" }, ago(each.at, state.now))));
}

export function postScreen({ view }) {
  let picture = takePosting();
  const text = h("textarea", { rows: 4, maxlength: 2000, placeholder: "这一刻的想法…", "aria-label": "这一刻的想法" });
  const shown = h("div", { class: "chosen" });
  const file = h("input", { type: "file", accept: "image/*", "aria-label": "选择图片", onchange: () => { [picture = null] = file.files; draw(); } });
  const url = h("input", { type: "url", placeholder: "网页链接（可不填）", "aria-label": "网页链接", oninput: () => draw() });
  const title = h("input", { placeholder: "链接的标题", maxlength: 60, "aria-label": "链接的标题" });
  let preview = "";

  function draw() {
    if (preview) URL.revokeObjectURL(preview);
    preview = picture ? URL.createObjectURL(picture) : "";
    shown.replaceChildren(preview ? h("img", { src: preview, alt: "要发的图片" }) : h("span", { class: "dim" }, icon("plus"), "图片"));
    url.disabled = Boolean(picture);
    title.hidden = !url.value;
  }

  const publish = (event) => attempt(async () => {
    const image = picture ? await base64(picture) : "";
    const link = picture ? {} : { url: url.value.trim(), title: title.value.trim() };
    await act(state.me.name, "post", { text: text.value.trim(), image, ...link });
    await refresh();
    go("/moments");
  }, event.currentTarget);

  draw();
  view.append(h("div", { class: "form" }, text, h("label", { class: "pick" }, shown, file), url, title,
    h("p", { class: "dim" }, "图片会像微信那样压缩：宽不超过 1080 像素，JPEG 质量 50。"),
    h("button", { type: "button", class: "button", onclick: publish }, "发表")));
  return { title: "发表", back: "moments", leave: () => preview && URL.revokeObjectURL(preview) };
}
