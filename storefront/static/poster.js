// One's own poster: asked for, looked for now and then, shown in the share sheet when it is there.
"use strict";

(() => {
  const { call, reason } = window.mall;
  const button = document.querySelector("[data-poster]");
  const box = document.querySelector("[data-poster-box]");
  const page = document.querySelector("[data-share]");
  const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

  function show(url) {
    const picture = new Image(750, 1334);
    picture.alt = "我的海报";
    picture.addEventListener("load", () => { box.replaceChildren(picture, "长按图片保存，或发送给朋友"); });
    picture.src = url;
    button.hidden = true;
  }

  async function draw() {
    button.disabled = true;
    box.textContent = "正在生成海报…";
    try {
      const { number } = await call("POST", "/api/posters", { subject: page.dataset.share, key: page.dataset.shareKey });
      for (let i = 0; i < 40; i += 1) {
        await wait(Math.min(0.6 + i / 8, 4));
        const { url } = await call("GET", `/api/posters/${number}`);
        if (url) return show(url);
      }
      box.textContent = "生成时间较长，请稍后再试";
    } catch (error) {
      box.textContent = reason(error);
    }
    button.disabled = false;
    return undefined;
  }

  button?.addEventListener("click", draw);
})();
