// Pictures that a worker draws: ask once, look now and then, show it when it is there. And copying.
"use strict";

(() => {
  const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

  // --- a picture ---------------------------------------------------------------------------
  const box = document.querySelector('[data-picture="drawing"]');

  async function call(method) {
    const token = document.querySelector('meta[name="csrf-token"]').content;
    const headers = { Accept: "application/json", "X-CSRFToken": token };
    const answer = await fetch(box.dataset.address, { method, headers, credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  function show(url) {
    const picture = new Image(750, 1334);
    picture.className = "poster";
    picture.alt = box.dataset.alt;
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
    box.querySelector("[data-words]").textContent = "生成时间较长，请稍后再打开本页";
    return undefined;
  }

  if (box) begin().catch(() => { box.querySelector("[data-words]").textContent = "网络异常，请稍后再打开本页"; });

  // --- copying -------------------------------------------------------------------------------
  document.querySelectorAll("[data-copy]").forEach((button) => {
    const words = button.textContent;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = "已复制";
      } catch {
        getSelection().selectAllChildren(source);
        button.textContent = "已选中，请长按复制";
      }
      setTimeout(() => { button.textContent = words; }, 3000);
    });
  });
})();
