// What the page asks of the pretend WeChat, and its refusals in the words a person reads.

const WORDS = {
  "no code can be read in the picture": "没有识别到二维码",
  "not a picture": "这不是一张图片",
  "the picture is too large": "图片太大了",
  "the code has expired or never existed": "二维码已过期或不存在",
  "the mini-program code is unknown": "小程序码不存在",
  "only followers can write to the account": "关注后才能发消息",
  "only followers see the menu": "关注后才能使用菜单",
  "the account has no menu": "这个公众号没有菜单",
  "follows already": "已经关注了",
  "does not follow": "还没有关注",
  "the text is too long": "文字太长了",
  "nothing to post": "写点什么再发表",
  "the link is not a web address": "链接要以 http:// 或 https:// 开头",
};

async function call(method, path, content, type = "application/json") {
  let answer;
  try {
    answer = await fetch(path, { method, body: content, headers: content === undefined ? {} : { "Content-Type": type } });
  } catch {
    throw new Error("连不上模拟微信");
  }
  const value = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(WORDS[value.error] ?? `操作失败：${value.error ?? answer.status}`);
  return value;
}

const send = (method, path, content) => call(method, path, JSON.stringify(content));
const quoted = encodeURIComponent;

export const look = (since) => call("GET", `/phone/screen?since=${since}`);
export const hold = (person) => send("POST", "/phone/holder", { person });
export const read = (file) => call("POST", "/phone/read", file, "application/octet-stream");
export const scan = (person, seen) => send("POST", "/_sim/scan", { person, wait: true, ...seen });
export const act = (person, name, content) => send("POST", `/_sim/people/${quoted(person)}/acts/${quoted(name)}`, { wait: true, ...content });
export const create = (person, values) => send("PUT", `/_sim/people/${quoted(person)}`, values);

export async function base64(blob) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Error("图片读不出来"));
    reader.readAsDataURL(blob);
  });
  return url.slice(url.indexOf(",") + 1);
}

export async function fetched(url) {
  try {
    const answer = await fetch(url);
    if (answer.ok) return await answer.blob();
  } catch { /* told below */ }
  throw new Error("图片打不开");
}
