// What a page does around its figures: contents, the switch for code, tables, print and the search of the reference.
"use strict";

(() => {
  const root = document.documentElement, all = (selector) => [...document.querySelectorAll(selector)];

  // The list of contents stands open at the side where there is room for it.
  const wide = matchMedia("(min-width: 75rem)");
  const unfold = () => all(".contents details").forEach((list) => { list.open = wide.matches; });
  wide.addEventListener("change", unfold);
  unfold();

  const hide = document.querySelector(".hide-code");
  hide?.addEventListener("click", () => {
    hide.setAttribute("aria-pressed", String(root.classList.toggle("no-code")));
    dispatchEvent(new Event("resize")); // a figure among what is for those with code has a width now
  });

  // A heading that was linked to may lie in a fold.
  const reveal = () => {
    let place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (; place; place = place.parentElement) if (place.tagName === "DETAILS") place.open = true;
  };
  addEventListener("hashchange", reveal);
  reveal();

  // Columns of words read from the left, columns of numbers from the right.
  const NUMBER = /^([-+\u2212]?[\d.,]+(e[-+]?\d+)?\s?%?|nan|none|<na>|nat|)$/i;
  for (const table of all(".html table")) {
    const rows = [...table.rows].filter((row) => row.cells.length === [...table.rows].at(-1).cells.length);
    const body = rows.filter((row) => row.parentElement.tagName === "TBODY");
    for (const [i] of [...body[0]?.cells || []].entries()) {
      const numbers = body.every((row) => NUMBER.test(row.cells[i].textContent.trim()));
      if (!numbers) rows.forEach((row) => row.cells[i].classList.add("words"));
    }
  }

  // What is wider than its place scrolls, by the keyboard too.
  const SCROLLS = { ".code, .prose pre, .text, .api .highlight, .signature": "code", ".html, .prose table": "table" };
  const reachable = () => Object.entries(SCROLLS).forEach(([selector, kind]) => all(selector).forEach((place) => {
    const told = place.tagName === "DIV" ? { role: "group", "aria-label": document.body.dataset[kind] } : {};
    for (const [name, value] of Object.entries({ tabindex: 0, ...told })) {
      if (place.scrollWidth > place.clientWidth) place.setAttribute(name, value); else place.removeAttribute(name);
    }
  }));
  let waiting;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(reachable, 200); });
  addEventListener("toggle", reachable, true);
  reachable();

  // The reference is searched in the page itself: a file may not load another one.
  const search = document.getElementById("search");
  if (!search) return;
  const rows = JSON.parse(document.getElementById("search-index").textContent);
  const plain = (name) => name.toLowerCase().replaceAll("_", " ");
  const item = ([name, address, summary]) => {
    const item = document.createElement("li"), link = document.createElement("a");
    link.href = address.replace(/^reference\.html(?=#)/, "");
    link.textContent = name;
    item.append(link, ` ${summary}`);
    return item;
  };
  const look = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean), name = plain(words.join(" "));
    const worth = (row) => (plain(row[0]) === name ? 1e3 : words.filter((word) => plain(row[0]).includes(plain(word))).length);
    const holds = (row) => words.length && words.every((word) => row.join(" ").toLowerCase().includes(word));
    const found = rows.filter(holds).sort((a, b) => worth(b) - worth(a)); // the very name, then those with most of the words
    document.getElementById("found").replaceChildren(...found.slice(0, 40).map(item));
    document.getElementById("found-count").textContent = !words.length ? ""
      : found.length ? `${found.length} ${search.dataset.found}` : search.dataset.none;
  };
  search.addEventListener("input", look);
  look();
})();
