// One line of a chat, by what it is: words, picture, news, notice.

import { h } from "./dom.js";
import { onPicture } from "./pictures.js";
import { opening, plain, rich } from "./texts.js";

const pictureOf = (content) => `/mmbiz/${encodeURIComponent(content.media_id)}`;

function image({ content }) {
  const url = pictureOf(content);
  return h("div", { class: "bubble picture" }, onPicture(h("img", { src: url, alt: "图片" }), url));
}

function article(each, isFirst) {
  return h("a", { class: isFirst ? "article first" : "article", ...opening(each.url) },
    each.picurl && h("img", { src: each.picurl, alt: "", loading: "lazy" }),
    h("strong", {}, each.title),
    isFirst && each.description && h("span", { class: "dim" }, each.description));
}

function news({ content }) {
  return h("div", { class: "card wide" }, (content.articles ?? []).map((each, i) => article(each, i === 0)));
}

// A mass send's article: here its card leads to the original at once.
const original = (each) => ({ ...each, url: each.content_source_url, description: each.digest });
const massNews = ({ content }) => news({ content: { articles: (content.articles ?? []).map(original) } });

function notice({ content, rows }) {
  const url = content.url ?? "";
  const facts = h("dl", { class: "facts" }, rows.flatMap(([label, value]) => [h("dt", {}, label), h("dd", {}, value)]));
  const inside = [h("strong", {}, content.title), facts];
  if (!url) return h("div", { class: "card wide notice" }, inside);
  return h("a", { class: "card wide notice", ...opening(url) }, inside, h("span", { class: "more" }, "查看详情"));
}

function choices({ content }, onChoice) {
  const list = (content.list ?? []).map((each) => h("button", { type: "button", class: "choice", onclick: () => onChoice(each.content) }, each.content));
  return h("div", { class: "bubble" }, content.head_content, list, content.tail_content);
}

const hostOf = (url) => url.split("/")[2] ?? "";

function link({ content }) {
  return h("a", { class: "card", ...opening(content.url) },
    h("strong", {}, content.title || content.url), h("span", { class: "dim" }, content.description || hostOf(content.url)));
}

const text = (line, onChoice) => h("div", { class: "bubble" }, rich(line.content.content ?? "", onChoice));
const named = (words) => (line) => h("div", { class: "bubble quiet" }, [words, line.content.title ?? line.content.label].filter(Boolean).join(" "));

const KINDS = {
  text, image, news, mpnews: massNews, link, template: notice, subscribe: notice, msgmenu: choices,
  voice: named("[语音]"), video: named("[视频]"), shortvideo: named("[视频]"), music: named("[音乐]"),
  location: named("[位置]"), miniprogrampage: named("[小程序]"), wxcard: named("[卡券]"),
};

export function bubble(line, onChoice) {
  return (KINDS[line.msg_type] ?? named("[消息]"))(line, onChoice);
}

export function gist(line) {
  if (line.msg_type === "text") return plain(line.content.content ?? "");
  if (["news", "mpnews"].includes(line.msg_type)) return `[图文] ${line.content.articles?.[0]?.title ?? ""}`;
  if (line.msg_type === "image") return "[图片]";
  return line.content.title ?? line.content.head_content ?? "[消息]";
}
