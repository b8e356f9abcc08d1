// Looks again while something is moving, but not under the hands of who types, asks or reads what he opened.
"use strict";

(() => {
  const pause = Number(document.currentScript.dataset.seconds) * 1000;
  const folds = [...document.querySelectorAll("details")];
  const asFound = new Map(folds.map((each) => [each, each.open]));
  let isTyped = false;

  document.addEventListener("input", () => { isTyped = true; });
  const isBusy = () => isTyped
    || folds.some((each) => each.open && !asFound.get(each))
    || document.activeElement?.matches("main input, main textarea, main select");

  setInterval(() => { if (!isBusy()) location.reload(); }, pause);
})();
