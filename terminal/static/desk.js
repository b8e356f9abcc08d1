// The outlet's pages work as plain forms; this adds the camera, one tap per form, and fresh lists.
"use strict";

(() => {
  const inWeChat = /MicroMessenger/.test(navigator.userAgent);
  const box = document.querySelector("[data-say]");

  function say(text) {
    if (!box) return;
    box.textContent = text;
    box.hidden = !text;
  }

  // A form goes out once; coming back by the back button it may go out again.
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("[data-sent]").forEach((form) => { delete form.dataset.sent; });
  });

  // --- the camera ------------------------------------------------------------------------
  function load(source) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = source;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
  }

  async function camera() {
    const here = encodeURIComponent(location.href.split("#")[0]);
    const signed = fetch(`/api/jssdk?url=${here}`, { headers: { Accept: "application/json" } });
    const [answer] = await Promise.all([signed, window.wx?.config ? null : load("https://res.wx.qq.com/open/js/jweixin-1.6.0.js")]);
    if (!answer.ok) throw new Error("unsigned");
    const values = await answer.json();
    await new Promise((resolve, reject) => {
      wx.error(reject);
      wx.ready(resolve);
      wx.config({ ...values, debug: false, jsApiList: ["scanQRCode"] });
    });
  }

  function scanned() {
    return new Promise((resolve, reject) => {
      wx.scanQRCode({
        needResult: 1, scanType: ["barCode", "qrCode"],
        success: (result) => resolve(result.resultStr.split(",").pop().trim()), // "CODE_128,4902…"
        cancel: () => reject(new Error("cancel")), fail: () => reject(new Error("denied")),
      });
    });
  }

  const buttons = document.querySelectorAll("[data-scan]");
  const ready = inWeChat && buttons.length ? camera() : null;
  ready?.then(() => buttons.forEach((button) => { button.hidden = false; })).catch(() => {
    say("扫一扫暂时不可用，请手工输入");
  });
  buttons.forEach((button) => {
    button.addEventListener("click", async () => {
      const form = button.closest("form");
      const input = form.querySelector("input:not([type=hidden])");
      say("");
      try {
        input.value = await scanned();
        if (button.dataset.fill === undefined) form.requestSubmit();
      } catch (error) {
        say(error.message === "cancel" ? "已取消扫码，可手工输入" : "没有扫码权限，请手工输入");
        input.focus();
      }
    });
  });

  // --- a list that is looked at stays true -------------------------------------------------
  async function refresh() {
    const live = document.querySelector("[data-live]");
    if (!live || document.hidden) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
    if (fresh && fresh.innerHTML !== live.innerHTML) live.replaceChildren(...fresh.childNodes);
  }
  if (document.querySelector("[data-live]")) {
    const seconds = Number(document.querySelector("[data-live]").dataset.live) || 20;
    setInterval(() => refresh().catch(() => {}), seconds * 1000);
    document.addEventListener("visibilitychange", () => refresh().catch(() => {}));
    window.addEventListener("pageshow", (event) => { if (event.persisted) refresh().catch(() => {}); });
  }
})();
