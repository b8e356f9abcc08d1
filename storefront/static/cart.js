// The cart: what is chosen adds up. Changing and taking out work as plain forms.
"use strict";

(() => {
  const lines = [...document.querySelectorAll("[data-cart-line]")];
  const total = document.querySelector("[data-cart-total]");
  const order = document.querySelector("[data-cart-order]");
  if (!total) return;
  const yuan = (fen) => (fen / 100).toLocaleString("en-US", { minimumFractionDigits: 2 });
  const tick = (line) => line.querySelector(".tick");

  function add() {
    const chosen = lines.filter((line) => tick(line).checked && !tick(line).disabled);
    const fen = chosen.reduce((sum, line) => sum + line.dataset.fen * line.querySelector(".count").textContent, 0);
    total.textContent = yuan(fen);
    order.disabled = !chosen.length;
  }

  for (const line of lines) tick(line).addEventListener("change", add);
  add();
})();
