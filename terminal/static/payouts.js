// Taking a transfer: WeChat's own sheet, then our server asks WeChat Pay what became of it.
"use strict";

(() => {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const words = document.querySelector("[data-say]");
  const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

  function say(text) {
    words.textContent = text;
    words.hidden = !text;
  }

  async function call(method, address) {
    const headers = { Accept: "application/json", "X-CSRFToken": token };
    const answer = await fetch(address, { method, headers, credentials: "same-origin" });
    const value = await answer.json().catch(() => ({}));
    if (!answer.ok) throw value.error || { message: "网络异常，请稍后再试" };
    return value;
  }

  function bridge() {
    return new Promise((resolve, reject) => {
      if (window.WeixinJSBridge) { resolve(window.WeixinJSBridge); return; }
      document.addEventListener("WeixinJSBridgeReady", () => resolve(window.WeixinJSBridge), { once: true });
      setTimeout(() => reject({ message: "请在微信中确认收款" }), 3000);
    });
  }

  // What the sheet tells the page proves nothing; only the state our server learnt counts.
  async function untilTaken(address) {
    await call("POST", `${address}/ask`).catch(() => {});
    for (let i = 0; i < 15; i += 1) {
      const state = await call("GET", address).catch(() => ({ status: "sent" }));
      if (state.status !== "sent") { location.reload(); return; }
      await wait(Math.min(1 + i / 2, 4));
    }
    say("收款结果确认中，可稍后再来查看");
  }

  function told(address, button, outcome) {
    if (outcome === "ok") return untilTaken(address);
    say(outcome === "cancel" ? "您已取消，可在截止时间前再次确认" : "收款未完成，请重试");
    button.disabled = false;
    return undefined;
  }

  document.querySelectorAll("[data-payout]").forEach((panel) => {
    const address = panel.dataset.payout;
    const button = panel.querySelector("[data-collect-now]");
    button.addEventListener("click", async () => {
      button.disabled = true;
      say("");
      try {
        const values = await call("POST", `${address}/confirm`);
        if (panel.dataset.collect && !window.WeixinJSBridge) { // only a demo names such a page
          const back = `${location.origin}${location.pathname}?taken=${address.split("/").pop()}`;
          location.assign(`${panel.dataset.collect}?${new URLSearchParams({ ...values, return: back })}`);
          return;
        }
        const shown = await bridge();
        shown.invoke("requestMerchantTransfer", values, (result) => {
          told(address, button, result.err_msg.split(":").pop());
        });
      } catch (error) {
        say(error.message || "网络异常，请稍后再试");
        button.disabled = false;
      }
    });
  });

  const query = new URLSearchParams(location.search);
  const taken = query.get("taken");
  if (taken && query.get("wxpay")) {
    history.replaceState(null, "", location.pathname);
    const panel = document.querySelector(`[data-payout$="/${CSS.escape(taken)}"]`);
    if (panel) told(panel.dataset.payout, panel.querySelector("button"), query.get("wxpay"));
  }
})();
