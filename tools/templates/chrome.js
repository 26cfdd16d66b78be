// What a page does around its figures: contents, the switch for code, tables, print and the search of the reference.
"use strict";

(() => {
  const root = document.documentElement;

  // The list of contents stands open at the side where there is room for it.
  const wide = matchMedia("(min-width: 75rem)");
  const unfold = () => document.querySelectorAll(".contents details").forEach((list) => { list.open = wide.matches; });
  wide.addEventListener("change", unfold);
  unfold();

  const hide = document.querySelector(".hide-code");
  hide?.addEventListener("click", () => {
    hide.setAttribute("aria-pressed", String(root.classList.toggle("no-code")));
    dispatchEvent(new Event("resize")); // a figure among what is for those with code has a width now
  });

  // A heading that was linked to may lie in a fold.
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let fold = target && target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  };
  addEventListener("hashchange", reveal);
  reveal();

  // Columns of words read from the left, columns of numbers from the right.
  const NUMBER = /^([-+\u2212]?[\d.,]+(e[-+]?\d+)?\s?%?|nan|none|<na>|nat|)$/i;
  for (const table of document.querySelectorAll(".html table")) {
    const last = table.rows[table.rows.length - 1];
    const rows = [...table.rows].filter((row) => row.cells.length === last.cells.length);
    const body = rows.filter((row) => row.parentElement.tagName === "TBODY");
    for (let column = 0; body.length && column < body[0].cells.length; column++) {
      if (!body.every((row) => NUMBER.test(row.cells[column].textContent.trim()))) {
        rows.forEach((row) => row.cells[column].classList.add("words"));
      }
    }
  }

  // What is wider than its place scrolls, by the keyboard too.
  const SCROLLS = { ".code, .prose pre, .text, .api .highlight, .signature": "code", ".html, .prose table": "table" };
  function reachable() {
    for (const [selector, kind] of Object.entries(SCROLLS)) {
      for (const place of document.querySelectorAll(selector)) {
        if (place.scrollWidth > place.clientWidth) {
          place.tabIndex = 0;
          if (place.tagName === "DIV") {
            place.setAttribute("role", "group");
            place.setAttribute("aria-label", document.body.dataset[kind]);
          }
        } else if (place.tabIndex === 0 && place.getAttribute("role") !== "img") {
          ["tabindex", "role", "aria-label"].forEach((name) => place.removeAttribute(name));
        }
      }
    }
  }
  let waiting;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(reachable, 200); });
  addEventListener("toggle", reachable, true);
  reachable();

  // The reference is searched in the page itself: a file may not load another one.
  const search = document.getElementById("search");
  if (search) {
    const rows = JSON.parse(document.getElementById("search-index").textContent);
    const texts = rows.map((row) => row.join(" ").toLowerCase());
    const list = document.getElementById("found"), count = document.getElementById("found-count");
    const plain = (name) => name.toLowerCase().replaceAll("_", " ");
    const worth = (row, words) => { // the very name first, then the names that hold most of the words
      const name = plain(row[0]);
      return name === plain(words.join(" ")) ? Infinity : words.filter((word) => name.includes(plain(word))).length;
    };
    const look = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const found = words.length ? rows.filter((row, i) => words.every((word) => texts[i].includes(word))) : [];
      found.sort((a, b) => (worth(b, words) > worth(a, words) ? 1 : worth(b, words) < worth(a, words) ? -1 : 0));
      list.replaceChildren(...found.slice(0, 40).map(([name, address, summary]) => {
        const item = document.createElement("li"), link = document.createElement("a");
        link.href = address.startsWith("reference.html#") ? address.slice("reference.html".length) : address;
        link.textContent = name;
        item.append(link, ` ${summary}`);
        return item;
      }));
      count.textContent = !words.length ? "" : found.length ? `${found.length} ${search.dataset.found}` : search.dataset.none;
    };
    search.addEventListener("input", look);
    look();
  }
})();
