// What the phone knows: one poll for everything, and the way between its screens.

import { hold, look } from "./calls.js";
import { say } from "./dom.js";

export const state = { me: null, people: [], accounts: [], lines: [], moments: [], now: 0, newest: 0 };

const EVERY_MS = 1500;
let listener = () => {};
let isLost = false;
let asking = Promise.resolve();

export const onChange = (heard) => { listener = heard; };
export const account = (appid) => state.accounts.find((each) => each.appid === appid);
export const friends = () => state.people.filter((name) => name !== state.me.name);

// A chat is named by the account's appid, or by a friend's name behind an @.
const keyOf = (line) => (line.appid ? line.appid : `@${line.peer}`);
export const linesOf = (key) => state.lines.filter((line) => keyOf(line) === key);
export function chats() {
  const accounts = state.accounts.map((each) => ({ key: each.appid, name: each.name, kind: "account", isFollowing: each.is_following }));
  const people = friends().map((name) => ({ key: `@${name}`, name, kind: "person" }));
  return [...accounts, ...people]
    .map((each) => ({ ...each, last: linesOf(each.key).at(-1) }))
    .filter((each) => each.isFollowing || each.last)
    .sort((a, b) => (b.last?.number ?? 0) - (a.last?.number ?? 0));
}
export const go = (path) => { location.hash = path; };

function take(shown) {
  const name = shown.person?.name ?? null;
  const isOther = name !== (state.me?.name ?? null) || shown.newest < state.newest;
  if (isOther && state.newest) return false; // another phone now: its lines are asked for anew
  state.people = shown.people;
  state.me = shown.person;
  if (!shown.person) return true;
  state.accounts = shown.accounts;
  state.moments = shown.moments;
  state.now = shown.now;
  state.lines.push(...shown.messages.filter((line) => line.number > state.newest));
  state.newest = shown.newest;
  return true;
}

async function poll() {
  const before = JSON.stringify([state.me, state.people, state.accounts, state.moments.length, state.newest]);
  if (!take(await look(state.newest))) {
    Object.assign(state, { me: null, lines: [], newest: 0 });
    take(await look(0));
  }
  const after = JSON.stringify([state.me, state.people, state.accounts, state.moments.length, state.newest]);
  if (before !== after) listener();
}

// One question at a time, so that an old answer never lands on a new one.
export function refresh() {
  asking = asking.catch(() => {}).then(poll);
  return asking;
}

export async function keepLooking() {
  try {
    if (!document.hidden) await refresh();
    isLost = false;
  } catch (error) {
    if (!isLost) say(error.message);
    isLost = true;
  }
  setTimeout(keepLooking, isLost ? EVERY_MS * 3 : EVERY_MS);
}

// Back from a page in another tab: what it caused is wanted at once.
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh().catch(() => {}); });

export async function handOver(name) {
  await hold(name);
  await refresh();
  go("/chats");
}

// Run what a tap asks for; a refusal is told, not thrown.
export async function attempt(work, button) {
  if (button) button.disabled = true;
  try {
    return await work();
  } catch (error) {
    say(error.message);
    return undefined;
  } finally {
    if (button) button.disabled = false;
  }
}

const seenKey = (key) => `seen/${state.me.name}/${key}`;
export const unread = (key) => {
  const seen = Number(localStorage.getItem(seenKey(key)) ?? 0);
  return linesOf(key).filter((line) => line.number > seen && line.side !== "person").length;
};
export const markSeen = (key) => {
  const last = linesOf(key).at(-1);
  if (last) localStorage.setItem(seenKey(key), last.number);
};
