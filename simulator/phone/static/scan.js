// The camera: a picture from a file, the clipboard, a chat or Moments, read by its pixels.

import { base64, fetched, read, scan } from "./calls.js";
import { h, icon, panel } from "./dom.js";
import { account, attempt, go, refresh, state } from "./state.js";

let waiting = null; // a menu button that asked for a scan: what to do with the text

export function scanFor(act) {
  waiting = act;
  go("/scan");
}

const OUTCOMES = {
  chat: async ({ appid }) => { await refresh(); go(`/chat/${appid}`); },
  profile: ({ appid }, seen) => panel(`这是公众号“${account(appid)?.name ?? appid}”的二维码`, [["关注公众号", () => attempt(() => act(seen, true))]]),
  url: ({ url }) => panel(url, [["打开网页", url]]),
  payment: ({ code_url: url }) => location.assign(`/phone/pay?code_url=${encodeURIComponent(url)}`),
  mini_program: ({ page, query }) => panel(`小程序页面 ${page}?${query}`, []),
  text: ({ text }) => panel(text, []),
};

async function act(seen, follow) {
  const result = await scan(state.me.name, { ...seen, follow });
  await OUTCOMES[result.opens](result, seen);
}

// What the camera does with a picture: a code of an account leads to it, a link to its page.
export const found = async (blob) => act({ image: await base64(blob) }, false);

async function take(blob) {
  if (!waiting) return found(blob);
  const { text } = await read(blob);
  const use = waiting;
  waiting = null;
  return use(text);
}

function pictures() {
  const chat = state.lines.filter((line) => line.msg_type === "image").map((line) => `/mmbiz/${encodeURIComponent(line.content.media_id)}`);
  const moments = state.moments.filter((each) => each.picture).map((each) => each.picture);
  return [...new Set([...chat.reverse(), ...moments])].slice(0, 24);
}

export function scanScreen({ view }) {
  const status = h("p", { class: "dim", role: "status" });
  const looked = async (work) => {
    status.textContent = "正在识别…";
    await attempt(async () => take(await work()));
    status.textContent = "";
  };
  const input = h("input", { type: "file", accept: "image/*", "aria-label": "从相册选取图片", onchange: () => {
    const [file] = input.files;
    if (file) looked(() => file);
    input.value = "";
  } });
  const frame = h("label", { class: "finder" }, icon("scan"), h("b", {}, "从相册选取图片"),
    h("span", { class: "dim" }, "也可以拖进来，或按 Ctrl+V 粘贴截图"), input);
  frame.addEventListener("dragover", (event) => event.preventDefault());
  frame.addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) looked(() => file);
  });
  const grid = pictures().map((url) => h("button", { type: "button", class: "bare", "aria-label": "扫这张图片", onclick: () => looked(() => fetched(url)) },
    h("img", { src: url, alt: "", loading: "lazy" })));
  view.append(frame, status,
    h("h2", {}, "聊天和朋友圈里的图片"),
    grid.length ? h("div", { class: "grid" }, grid) : h("p", { class: "empty" }, "还没有图片"));
  const paste = (event) => {
    const [file] = event.clipboardData.files;
    if (file) looked(() => file);
  };
  document.addEventListener("paste", paste);
  return { title: "扫一扫", back: "discover", leave: () => { document.removeEventListener("paste", paste); waiting = null; } };
}
