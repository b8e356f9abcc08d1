// The product page: its price follows the chosen variant, which standard, capacity and colour pick.
"use strict";

(() => {
  const form = document.querySelector("[data-choosing]");
  if (!form) return;
  const variants = [...form.querySelectorAll("[data-variant]")];
  const options = [...form.querySelectorAll("[data-option]")];
  const told = new Map(variants.map((each) => [each, JSON.parse(each.dataset.options)]));
  const show = (selector, text) => {
    const box = form.querySelector(selector);
    if (box) box.textContent = text;
  };

  function priced(variant) {
    show("[data-price]", variant.dataset.variant);
    show("[data-was]", variant.dataset.wasPrice ? `¥${variant.dataset.wasPrice}` : "");
    show("[data-prepaid]", variant.dataset.prepaidText);
    show("[data-shelf]", variant.dataset.shelfText);
    offerCart();
  }

  // What lies at another outlet alone is bought there at once: a cart is counted at the own one.
  const button = document.querySelector("[data-to-cart]");
  const chosen = () => form.querySelector("[data-variant]:checked");
  function offerCart() {
    if (button) button.disabled = !chosen()?.hasAttribute("data-for-cart");
  }

  const wanted = () => options.filter((each) => each.checked);
  const agrees = (variant, choices) =>
    choices.filter((each) => told.get(variant)[each.dataset.option] === each.value).length;

  // What cannot be had with the rest of the choice is dimmed; choosing it changes the rest.
  function dim() {
    for (const option of options) {
      const others = wanted().filter((each) => each.dataset.option !== option.dataset.option);
      const fits = variants.some((each) => !each.disabled && agrees(each, [option, ...others]) === others.length + 1);
      option.classList.toggle("apart", !fits);
    }
  }

  function choose(changed) {
    const near = variants.filter((each) => agrees(each, [changed]) === 1);
    const best = (list) => list.reduce((a, b) => (agrees(b, wanted()) > agrees(a, wanted()) ? b : a));
    const free = near.filter((each) => !each.disabled);
    if (!free.length) {
      window.mall.say("该规格已售罄，请选择其他规格");
      return reflect(variants.find((each) => each.checked) ?? variants[0]);
    }
    window.mall.say("");
    const found = best(free);
    found.checked = true;
    reflect(found);
    return found.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function reflect(variant) {
    for (const option of options) option.checked = told.get(variant)[option.dataset.option] === option.value;
    dim();
  }

  // --- into the cart: pressing again puts in more, a repeat of one press does not ---------------
  button?.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await window.mall.call("POST", "/api/cart", {
        client_key: button.dataset.toCart, sku: chosen().value, quantity: 1,
      });
      button.dataset.toCart = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`.replace(/\W/g, "-");
      window.mall.say("已加入购物车", { name: "去结算", path: "/cart" });
    } catch (error) {
      const onward = error.code === "not_at_outlet" && { name: "去购买", path: `/checkout?sku=${error.details.sku}` };
      window.mall.say(window.mall.reason(error), onward);
    }
    offerCart();
  });

  for (const each of variants) each.addEventListener("change", () => priced(each));
  for (const each of options) {
    each.addEventListener("change", (event) => {
      event.stopPropagation();
      choose(each);
    });
  }
  if (options.length && variants.some((each) => each.checked)) dim();
})();
