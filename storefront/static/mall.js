// The mall's pages work as plain pages; this adds the touch, sharing, ordering and paying.
"use strict";

(() => {
  const body = document.body;
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const $ = (selector) => document.querySelector(selector);

  async function call(method, path, content) {
    const headers = { Accept: "application/json", "X-CSRFToken": token };
    if (content !== undefined) headers["Content-Type"] = "application/json";
    const answer = await fetch(path, {
      method, headers, credentials: "same-origin", keepalive: method === "POST",
      body: content === undefined ? undefined : JSON.stringify(content),
    });
    const text = await answer.text();
    const value = text ? JSON.parse(text) : {};
    if (!answer.ok) throw (value.error || { code: "error", message: "网络异常，请稍后再试" });
    return value;
  }

  function say(text, onward) {
    const box = $("[data-say]");
    box.textContent = text;
    if (onward) box.append(" ", Object.assign(document.createElement("a"), { href: onward.path, textContent: `${onward.name} ›` }));
    if (text) box.scrollIntoView({ block: "center", behavior: "smooth" });
  }

  function reason(error) {
    if (error.code === "bad_request") return "页面已过期，请刷新后重试"; // its token is of another session
    return error.code && error.message ? error.message : "网络异常，请稍后再试";
  }

  // Browsers carry the fragment of WeChat's page through its redirects to ours.
  if (location.hash === "#wechat_redirect") {
    history.replaceState(null, "", location.pathname + location.search);
  }

  // The opened link becomes a touch only by this call.
  if (body.dataset.touch !== undefined) call("POST", "/api/touch").catch(() => {});

  window.mall = { call, say, reason, jssdk };

  // --- sharing ---------------------------------------------------------------------------
  const page = $("[data-share]");
  let shared;

  function links() {
    shared ??= call("POST", "/api/shares", {
      subject: page.dataset.share, key: page.dataset.shareKey,
    }).then((value) => value.links);
    return shared;
  }

  function load(source) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = source;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
  }

  // WeChat's own functions, once WeChat has agreed to this page's use of them.
  async function jssdk(names, tags = []) {
    const here = encodeURIComponent(location.href.split("#")[0]);
    const [signed] = await Promise.all([
      call("GET", `/api/jssdk?url=${here}`),
      load("https://res.wx.qq.com/open/js/jweixin-1.6.0.js"),
    ]);
    window.wx.config({ ...signed, debug: false, jsApiList: names, openTagList: tags });
    return new Promise((resolve) => window.wx.ready(() => resolve(window.wx)));
  }

  async function prepareMenu() {
    const names = ["updateAppMessageShareData", "updateTimelineShareData"];
    const [made, wx] = await Promise.all([links(), jssdk(names)]);
    const card = {
      title: page.dataset.shareTitle, desc: page.dataset.shareText,
      imgUrl: page.dataset.sharePicture,
    };
    wx.updateAppMessageShareData({ ...card, link: made.chat });
    wx.updateTimelineShareData({ title: card.title, imgUrl: card.imgUrl, link: made.moments });
  }

  if (page && /MicroMessenger/.test(navigator.userAgent)) prepareMenu().catch(() => {});

  const sheet = $("[data-sheet]");
  document.querySelectorAll("[data-open-share]").forEach((button) => {
    button.addEventListener("click", async () => {
      try {
        sheet.querySelector("input").value = (await links()).chat;
        sheet.showModal();
      } catch (error) {
        say(reason(error));
      }
    });
  });
  $("[data-copy]")?.addEventListener("click", async (event) => {
    const input = (sheet ?? document).querySelector("input[readonly]");
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
      event.target.textContent = "已复制";
    } catch {
      event.target.textContent = "请长按链接复制";
    }
  });
  sheet?.querySelector("[data-close]").addEventListener("click", () => sheet.close());

  // --- paying ----------------------------------------------------------------------------
  const paying = $("[data-pay]");
  const button = paying?.querySelector("[data-pay-now]");
  const cancelling = $("[data-cancel]");
  cancelling?.addEventListener("click", async () => {
    if (cancelling.dataset.sure === undefined) {
      cancelling.dataset.sure = "";
      cancelling.textContent = "再点一次确认取消";
      return;
    }
    cancelling.disabled = true;
    try {
      await call("POST", cancelling.dataset.cancel);
      for (let i = 0; i < 10; i += 1) {
        const state = await call("GET", cancelling.dataset.cancel.replace(/\/cancel$/, ""));
        if (state.status !== "placed") return location.assign(cancelling.dataset.onward);
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
      say("正在取消，请稍后在订单中查看");
    } catch (error) {
      say(reason(error));
      cancelling.disabled = false;
    }
  });

  // Outside WeChat: a code to scan, and the page waits for the server's word.
  const code = paying?.querySelector("[data-pay-code]");
  if (code) {
    call("POST", `${paying.dataset.pay}/code`).then(async (made) => {
      code.append(new DOMParser().parseFromString(made.picture, "image/svg+xml").documentElement);
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 3000));
        await call("POST", `${paying.dataset.pay}/ask`).catch(() => {});
        const state = await call("GET", paying.dataset.pay).catch(() => ({ status: "placed" }));
        if (state.status !== "placed") return location.replace(paying.dataset.onward);
      }
    }).catch((error) => say(reason(error)));
  }

  const outcome = paying?.dataset.paySheet && new URLSearchParams(location.search).get("wxpay");
  if (outcome && !button) location.replace(paying.dataset.onward); // settled before it came back
  if (button) {
    const bridge = () => new Promise((resolve, reject) => {
      if (window.WeixinJSBridge) return resolve(window.WeixinJSBridge);
      document.addEventListener("WeixinJSBridgeReady", () => resolve(window.WeixinJSBridge), { once: true });
      setTimeout(() => reject({ code: "no_bridge", message: "请在微信中完成支付" }), 3000);
    });
    const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

    // What WeChat tells the page is only a hint: whether it is paid, our server knows.
    async function untilPaid(tries) {
      await call("POST", `${paying.dataset.pay}/ask`).catch(() => {});
      for (let i = 0; i < tries; i += 1) {
        const state = await call("GET", paying.dataset.pay).catch(() => ({ status: "placed" }));
        if (state.status !== "placed") return location.replace(paying.dataset.onward);
        await wait(Math.min(1 + i / 2, 4));
      }
      say("支付结果确认中，可稍后在订单中查看");
      button.disabled = false;
    }

    function told(outcome) {
      if (outcome === "ok") return untilPaid(20);
      say(outcome === "cancel" ? "您已取消支付" : "支付未完成，请重试");
      button.disabled = false;
      return undefined;
    }

    // Only a demo names a page that plays the pay sheet in browsers without WeChat's bridge.
    const sheetPage = paying.dataset.paySheet;
    if (outcome) {
      history.replaceState(null, "", location.pathname);
      button.disabled = outcome === "ok";
      told(outcome);
    }

    button.addEventListener("click", async () => {
      button.disabled = true;
      say("");
      try {
        const values = await call("POST", `${paying.dataset.pay}/pay`);
        if (sheetPage && !window.WeixinJSBridge) {
          const back = location.origin + location.pathname;
          return location.assign(`${sheetPage}?${new URLSearchParams({ ...values, return: back })}`);
        }
        const shown = await bridge();
        shown.invoke("getBrandWCPayRequest", values, (result) => told(result.err_msg.split(":").pop()));
      } catch (error) {
        if (error.code === "already_paid") return location.replace(paying.dataset.onward);
        say(reason(error));
        button.disabled = false;
      }
      return undefined;
    });
  }

  // --- asking for a refund, or to give something back ------------------------------------
  document.querySelectorAll("[data-ask-back]").forEach((form) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      button.disabled = true;
      try {
        await call("POST", form.action, Object.fromEntries(new FormData(form)));
        location.reload();
      } catch (error) {
        say(reason(error));
        button.disabled = false;
      }
    });
  });
})();
