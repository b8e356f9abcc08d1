// The checkout page: totals, how the goods get there, the order itself, picking a phone number.
"use strict";

(() => {
  const checkout = document.querySelector("[data-checkout]");
  if (!checkout) return;
  const { call, say, reason } = window.mall;
  const $ = (selector) => document.querySelector(selector);
  const lines = [...checkout.querySelectorAll("[data-line]")];
  const piecesOf = (line) => line.querySelector("[data-quantity]");
  const yuan = (fen) => (fen / 100).toLocaleString("en-US", { minimumFractionDigits: 2 });
  const count = (input) => Math.min(Number(input.max), Math.max(1, Math.trunc(Number(input.value)) || 1));

  function total() {
    let fen = 0;
    for (const line of lines) {
      const input = piecesOf(line);
      input.value = count(input);
      fen += line.dataset.unitFen * count(input);
    }
    $("[data-total]").textContent = yuan(fen);
  }

  for (const line of lines) {
    const input = piecesOf(line);
    line.querySelectorAll("[data-step]").forEach((button) => {
      button.addEventListener("click", () => {
        input.value = count(input) + Number(button.dataset.step);
        total();
      });
    });
    input.addEventListener("change", total);
  }

  function places() {
    const chosen = checkout.querySelector('input[name="delivery"]:checked')?.value;
    checkout.querySelectorAll("[data-for]").forEach((part) => {
      part.hidden = part.dataset.for !== chosen;
      part.querySelectorAll("input, select").forEach((each) => { each.disabled = part.hidden; });
    });
  }

  checkout.querySelectorAll('input[name="delivery"]').forEach((each) => each.addEventListener("change", places));
  places();
  checkout.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(new FormData(checkout));
  });

  function lineOf(line, values) {
    const wanted = {
      sku: line.dataset.sku, quantity: count(piecesOf(line)),
      expected_price_fen: Number(line.dataset.unitFen), from_cart: line.dataset.cart !== undefined,
    };
    if (line.dataset.user !== undefined) {
      wanted.user_name = values.user_name;
      wanted.user_phone = values.user_phone;
    }
    if (line.dataset.number !== undefined) wanted.number = values.number;
    return wanted;
  }

  function wish(form) {
    const values = Object.fromEntries(form);
    const order = {
      client_key: values.client_key, lines: lines.map((line) => lineOf(line, values)),
      delivery: values.delivery,
      contact_name: values.contact_name, contact_phone: values.contact_phone,
    };
    if (values.delivery === "courier") {
      order.address = { region: values.region, street: values.street };
      order.keeps_address = values.keeps_address !== undefined;
    }
    if (values.delivery === "pickup") order.outlet = values.outlet;
    if (values.counter) order.counter = values.counter;
    return order;
  }

  // A code is asked for while the contact phone is not the one that was proven; without
  // data-proven none is asked for at all.
  const codeRow = $("[data-code-row]");
  const digits = (phone) => phone.replace(/\D/g, "").slice(-11);

  function asksCode() {
    const proven = codeRow.dataset.proven;
    codeRow.hidden = proven === undefined || digits(checkout.elements.contact_phone.value) === proven;
  }

  async function prove(phone, code) {
    await call("POST", "/api/phone", { phone, code });
    checkout.elements.phone_code.value = "";
    if (codeRow.dataset.proven !== undefined) codeRow.dataset.proven = digits(phone);
    codeRow.hidden = true;
  }

  checkout.addEventListener("change", asksCode);

  // Codes that need the page anew: what it shows is not what can be ordered any more.
  const STALE = { price_changed: "查看新价格", sold_out: "重新选择", not_listed: "重新选择" };

  async function submit(form) {
    const button = $("[data-submit]");
    button.disabled = true;
    say("");
    checkout.querySelectorAll(".wrong").forEach((each) => each.classList.remove("wrong"));
    try {
      if (!codeRow.hidden && form.get("phone_code")) await prove(form.get("contact_phone"), form.get("phone_code"));
      const order = await call("POST", "/api/orders", wish(form));
      location.assign(order.pay_url);
    } catch (error) {
      for (const name of error.details?.fields ?? []) checkout.elements[name]?.closest(".field")?.classList.add("wrong");
      const again = checkout.dataset.again;
      say(reason(error), STALE[error.code] && { name: STALE[error.code], path: again });
      if (error.code === "phone_not_proven") codeRow.hidden = false;
      button.disabled = false;
    }
  }

  // --- picking a phone number ------------------------------------------------------------
  const picking = $("[data-numbers]");
  if (picking) {
    const list = picking.querySelector("[data-list]");
    const chosen = picking.querySelector('[name="number"]');
    const spaced = (number) => `${number.slice(0, 3)} ${number.slice(3, 7)} ${number.slice(7)}`;

    function row(choice) {
      const label = document.createElement("label");
      label.className = "weui-cell weui-check__label";
      const words = document.createElement("p");
      words.className = "weui-cell__bd";
      words.textContent = spaced(choice.number);
      const least = choice.minimum_fen ? `月费 ${choice.minimum_fen / 100} 元起` : "";
      for (const said of [choice.grade, least].filter(Boolean)) {
        const tag = document.createElement("span");
        tag.className = "tag";
        tag.textContent = said;
        words.append(" ", tag);
      }
      const end = document.createElement("div");
      end.className = "weui-cell__ft";
      const input = Object.assign(document.createElement("input"), {
        type: "radio", name: "choice", className: "weui-check", value: choice.number,
        checked: choice.number === chosen.value,
      });
      input.addEventListener("change", () => hold(choice.number));
      const icon = document.createElement("span");
      icon.className = "weui-icon-checked";
      end.append(input, icon);
      label.append(words, end);
      return label;
    }

    async function look() {
      const query = new URLSearchParams();
      for (const name of ["ending", "contains"]) {
        const digits = picking.querySelector(`[data-${name}]`).value.replace(/\D/g, "");
        if (digits) query.set(name, digits);
      }
      try {
        const found = await call("GET", `/api/numbers?${query}`);
        if (!chosen.value && found.held.length) chosen.value = found.held[found.held.length - 1].number;
        const held = found.held.filter((each) => each.number === chosen.value);
        const rows = [...held, ...found.numbers].map(row);
        list.replaceChildren(...rows);
        if (!rows.length) list.textContent = "没有符合条件的号码，请换个条件";
      } catch (error) {
        say(reason(error));
      }
    }

    async function hold(number) {
      const before = chosen.value;
      try {
        if (before && before !== number) await call("POST", "/api/numbers/release", { number: before });
        chosen.value = "";
        await call("POST", "/api/numbers/hold", { number });
        chosen.value = number;
        chosen.closest(".field").classList.remove("wrong");
        say("");
      } catch (error) {
        say(reason(error));
        look();
      }
    }

    let typing;
    picking.querySelectorAll("input[type=search]").forEach((input) => {
      input.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(look, 300); });
    });
    picking.querySelector("[data-more]").addEventListener("click", look);
    look();
  }
})();
