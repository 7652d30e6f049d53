// Copies a value, and remembers the language. The page does everything else without this.
"use strict";
(() => {
  const root = document.documentElement, said = document.getElementById("said"), key = "language";
  root.classList.add("js");

  const stored = (value) => {
    try { // a browser may forbid it
      return value === undefined ? localStorage.getItem(key) : localStorage.setItem(key, value);
    } catch { return null; }
  };
  for (const link of document.querySelectorAll("a[data-language]")) {
    link.addEventListener("click", () => stored(link.dataset.language));
    // Whoever chose a language once gets it again, but for a link that names one.
    if (stored() === link.dataset.language && !new URLSearchParams(location.search).has("lang")) location.replace(link.href);
  }

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // not over plain http
      const field = document.createElement("textarea");
      field.value = text;
      field.className = "unseen";
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
  };
  for (const button of document.querySelectorAll("button.copy")) {
    const word = button.textContent;
    button.addEventListener("click", async () => {
      await copy(button.dataset.copy);
      button.focus();
      button.textContent = document.body.dataset.copied;
      said.textContent = `${document.body.dataset.copied}: ${button.dataset.copy}`;
      setTimeout(() => { button.textContent = word; said.textContent = ""; }, 2500);
    });
  }
})();
