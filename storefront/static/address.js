// Addresses and phones: WeChat's own address picker fills our form; a code proves a phone.
"use strict";

(() => {
  const { call, say, reason, jssdk } = window.mall;
  const set = (form, name, value) => {
    const field = form.elements[name];
    if (field && value) field.value = value;
  };

  // --- WeChat's address picker, with the form as it is wherever there is none -----------------
  const picker = document.querySelector("[data-wechat-address]");
  const form = picker?.closest("form") ?? document.querySelector("[data-checkout]");
  if (picker && /MicroMessenger/.test(navigator.userAgent)) {
    jssdk(["openAddress"]).then((wx) => {
      picker.hidden = false;
      picker.addEventListener("click", () => {
        wx.openAddress({
          success: (told) => fill({
            name: told.userName, phone: told.telNumber,
            region: [told.provinceName, told.cityName, told.countryName].filter(Boolean).join(" "),
            street: told.detailInfo,
          }),
          fail: () => say("没有取到微信地址，请直接填写"),
        });
      });
    }).catch(() => {});
  }

  function fill(address) {
    const own = form.elements.contact_name ? { name: "contact_name", phone: "contact_phone" } : {};
    for (const [name, value] of Object.entries(address)) set(form, own[name] ?? name, value);
    form.dispatchEvent(new Event("change", { bubbles: true }));
  }

  document.querySelectorAll("[data-book-entry]").forEach((entry) => {
    entry.addEventListener("change", (event) => {
      event.stopPropagation();
      fill(JSON.parse(entry.dataset.bookEntry));
    });
  });

  // --- one-time code ------------------------------------------------------------------------
  const proof = document.querySelector("[data-prove]");
  const button = document.querySelector("[data-send-code]");
  const phone = () => (proof?.elements.phone ?? form.elements.contact_phone).value;

  function rest(seconds) {
    button.disabled = seconds > 0;
    button.textContent = seconds > 0 ? `${seconds} 秒后可重新获取` : "获取验证码";
    if (seconds > 0) setTimeout(() => rest(seconds - 1), 1000);
  }

  button?.addEventListener("click", async () => {
    button.disabled = true;
    say("");
    try {
      rest((await call("POST", "/api/phone/code", { phone: phone() })).seconds);
      say("验证码已发送，5 分钟内有效");
    } catch (error) {
      say(reason(error));
      rest(0);
    }
  });

  proof?.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await call("POST", "/api/phone", { phone: phone(), code: proof.elements.code.value });
      location.assign(proof.dataset.onward);
    } catch (error) {
      say(reason(error));
    }
  });
})();
