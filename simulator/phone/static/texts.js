// What an account writes, made safe: words, links, and nothing else.

import { h } from "./dom.js";

const PART = /<a\s[^>]*?href\s*=\s*["']([^"']*)["'][^>]*>([\s\S]*?)<\/a>|(https?:\/\/[^\s<>"'，。；！？、（）]+)/gi;
const isWeb = (url) => /^https?:\/\//i.test(url);

// A page of the service refuses to be framed, so that the "web view" is a tab of its own.
export const opening = (url) => ({ href: url, target: "_blank", rel: "noopener" });

function linked(url, words, onChoice) {
  if (isWeb(url)) return h("a", opening(url), words);
  const choice = /^weixin:\/\/bizmsgmenu\?/.test(url) && new URLSearchParams(url.split("?")[1]).get("msgmenucontent");
  if (choice && onChoice) return h("a", { href: "#", onclick: (event) => { event.preventDefault(); onChoice(choice); } }, words);
  return words;
}

export function rich(text, onChoice) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(PART)) {
    parts.push(text.slice(end, found.index));
    parts.push(found[3] ? linked(found[3], found[3]) : linked(found[1].replaceAll("&amp;", "&"), found[2], onChoice));
    end = found.index + found[0].length;
  }
  parts.push(text.slice(end));
  return parts;
}

export const plain = (text) => text.replace(/<a\s[^>]*>([\s\S]*?)<\/a>/gi, "$1").replace(/\s+/g, " ");
