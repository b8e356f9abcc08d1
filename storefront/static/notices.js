// WeChat draws the button itself; what was answered is told to the server by WeChat, so we look again.
"use strict";

(() => {
  const { call, say, jssdk } = window.mall;
  const box = document.querySelector("[data-notices]");
  if (!box) return;
  const tag = box.querySelector("wx-open-subscribe");
  const hint = box.querySelector("[data-notices-hint]");
  const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

  async function show() {
    const { notices } = await call("GET", "/api/notices");
    for (const each of notices) {
      const place = document.querySelector(`[data-agreed="${CSS.escape(each.template_id)}"]`);
      if (place) place.textContent = each.agreed ? `还可收到 ${each.agreed} 条` : "未订阅";
    }
  }

  tag.addEventListener("success", async () => {
    say("已记下您的选择");
    for (const seconds of [1, 3, 6]) {
      await wait(seconds);
      await show().catch(() => {});
    }
  });
  tag.addEventListener("error", () => say("没有完成，请稍后再试"));
  document.addEventListener("WeixinOpenTagsError", () => { hint.hidden = false; });

  if (/MicroMessenger/.test(navigator.userAgent)) {
    jssdk([], ["wx-open-subscribe"]).catch(() => { hint.hidden = false; });
  } else {
    hint.hidden = false;
  }
})();
