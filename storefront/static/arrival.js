// Asks anew for the promise whenever the checkout page's choice changes, and counts down to the cut-off.
"use strict";

(() => {
  const box = document.querySelector("[data-promise]");
  if (!box) return;
  const sentence = box.querySelector("[data-promise-text]");
  const rest = box.querySelector("[data-promise-rest]");
  let until = Number(box.dataset.orderBy) || 0;

  function count() {
    const minutes = Math.floor((until * 1000 - Date.now()) / 60000);
    rest.hidden = !until || minutes < 0;
    if (!rest.hidden) rest.textContent = `距当日达截单还有 ${Math.floor(minutes / 60)} 小时 ${minutes % 60} 分`;
  }

  async function ask() {
    const form = document.querySelector("[data-checkout], #buy");
    const values = new FormData(form);
    const query = new URLSearchParams();
    for (const name of ["sku", "delivery", "outlet", "region"]) {
      if (values.get(name)) query.set(name, values.get(name));
    }
    try {
      const answer = await fetch(`/api/promise?${query}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const told = await answer.json();
      sentence.textContent = told.text;
      box.classList.toggle("fast", told.is_same_day);
      until = told.order_by || 0;
      count();
    } catch {
      // the sentence on the page stays
    }
  }

  document.querySelector("[data-checkout], #buy")?.addEventListener("change", ask);
  count();
  setInterval(count, 30000);
})();
