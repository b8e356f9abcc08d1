// The poster's page: ask for it once, look now and then, show it when it is there.
"use strict";

(() => {
  const box = document.querySelector("[data-poster]");
  if (!box || box.dataset.poster === "ready") return;
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const words = box.querySelector("[data-words]");
  const address = "/api/terminal/poster";
  const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

  async function call(method) {
    const headers = { Accept: "application/json", "X-CSRFToken": token };
    const answer = await fetch(address, { method, headers, credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  function show(url) {
    const picture = new Image(750, 1334);
    picture.className = "poster";
    picture.alt = "我的海报";
    picture.addEventListener("load", () => {
      box.replaceChildren(picture);
      box.className = "";
      document.querySelector("[data-hint]").hidden = false;
    });
    picture.src = url;
  }

  async function begin() {
    await call("POST");
    for (let i = 0; i < 40; i += 1) {
      await wait(Math.min(0.8 + i / 8, 4));
      const state = await call("GET");
      if (state.is_ready) return show(state.url);
    }
    words.textContent = "生成时间较长，请稍后再打开本页";
    return undefined;
  }

  begin().catch(() => { words.textContent = "网络异常，请稍后再打开本页"; });
})();
