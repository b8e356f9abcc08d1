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
export const linesOf = (appid) => state.lines.filter((line) => line.appid === appid);
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

const seenKey = (appid) => `seen/${state.me.name}/${appid}`;
export const unread = (appid) => {
  const seen = Number(localStorage.getItem(seenKey(appid)) ?? 0);
  return linesOf(appid).filter((line) => line.number > seen && line.side !== "person").length;
};
export const markSeen = (appid) => {
  const last = linesOf(appid).at(-1);
  if (last) localStorage.setItem(seenKey(appid), last.number);
};
