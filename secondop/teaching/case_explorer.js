// The form and the answer of explore_case: native controls, so that keyboards and screen readers know them.

const SIGNS = { true: "✓", false: "✗" };
const MANY = 10; // more answers than a row of buttons holds: they are given in the form
let views = 0;

/** An element with attributes (on* are listeners) and children; text is never taken for HTML. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function render({ model, el }) {
  const view = ++views;
  const rows = new Map(); // fact -> { show(value) }
  const say = (name, value) => {
    const facts = { ...model.get("facts") };
    if (value === null) delete facts[name];
    else facts[name] = value;
    model.set("facts", facts);
    model.save_changes();
  };

  // What was not recorded, and one choice for each answer; a long list is a menu.
  const choices = (fact) => {
    const all = [[null, "unknown"], ...fact.choices];
    const places = fact.choices.length === 2 ? [1, 2, 0] : all.map((_, i) => (i + 1) % all.length);
    const radios = new Map();
    const group = make("div", { class: "choices" });
    for (const [value, words] of places.map((i) => all[i])) {
      const kind = value === null ? "unknown" : value === false ? "no" : "yes";
      const radio = make("input", {
        type: "radio", name: `${view}-${fact.name}`, value: String(value), onchange: () => say(fact.name, value),
      });
      radios.set(value, radio);
      const sign = make("span", { "aria-hidden": "true" }, value === null ? "?" : (SIGNS[value] ?? "●"));
      group.append(make("label", { class: kind }, radio, make("span", { class: "pill" }, sign, ` ${words}`)));
    }
    return [group, (value) => { (radios.get(value) ?? radios.get(null)).checked = true; }];
  };
  const menu = (fact) => {
    const list = make("select", { onchange: () => say(fact.name, list.value || null) },
      make("option", { value: "" }, "? unknown"),
      ...fact.choices.map(([value, words]) => make("option", { value }, words)));
    list.setAttribute("aria-label", fact.question);
    return [list, (value) => { list.value = value ?? ""; }];
  };
  const number = (fact) => {
    const changed = () => {
      field.setAttribute("aria-invalid", String(!field.validity.valid));
      if (!field.validity.badInput) say(fact.name, field.value === "" ? null : Number(field.value));
    };
    const field = make("input", {
      type: "number", min: fact.low, max: fact.high, step: fact.whole ? 1 : "any", placeholder: "? unknown",
      "aria-label": `${fact.question} In ${fact.unit}`, oninput: changed,
    });
    const forget = make("button", {
      type: "button", "aria-label": `${fact.label}: unknown`, onclick: () => { field.value = ""; changed(); },
    }, "? unknown");
    return [make("div", { class: "number" }, field, ` ${fact.unit} `, forget), (value) => {
      if (field.value === "" || Number(field.value) !== value) field.value = value ?? "";
    }];
  };

  const form = make("div", { class: "facts", tabindex: "-1" });
  const topics = new Map();
  for (const fact of model.get("form")) {
    if (!topics.has(fact.topic)) {
      const count = make("small");
      topics.set(fact.topic, { count, names: [] });
      form.append(make("h3", {}, fact.topic, " ", count));
    }
    topics.get(fact.topic).names.push(fact.name);
    const [control, show] = !fact.choices.length ? number(fact) : fact.choices.length > 6 ? menu(fact) : choices(fact);
    const row = make("fieldset", { class: "fact", "data-fact": fact.name },
      make("legend", {}, fact.question), control);
    rows.set(fact.name, { row, show });
    form.append(row);
  }

  const start = make("select", {
    onchange: () => { model.set("start", start.value); model.save_changes(); },
  }, make("option", { value: "" }, "nothing recorded"),
    ...model.get("starts").map(([value, title]) => make("option", { value }, title)));
  const find = make("input", {
    type: "search", placeholder: "such as pain", oninput: () => {
      const word = find.value.trim().toLowerCase();
      for (const { name, question, topic } of model.get("form")) {
        rows.get(name).row.hidden = !`${name.replaceAll("_", " ")} ${question} ${topic}`.toLowerCase().includes(word);
      }
      for (const { count, names } of topics.values()) {
        count.parentElement.hidden = names.every((name) => rows.get(name).row.hidden);
      }
    },
  });
  const press = (button, words) => make("button", { type: "button", onclick: () => model.send({ button }) }, words);
  let size = 1;
  const larger = make("button", {
    type: "button", "aria-pressed": "false", onclick: () => {
      size = size === 1 ? 1.35 : 1;
      root.style.setProperty("--size", size);
      larger.setAttribute("aria-pressed", String(size > 1));
    },
  }, "Larger text");

  const story = make("p", { class: "story" });
  const problem = make("pre", { class: "problem", role: "alert" });
  const region = (name, words) => make("div", { class: name, tabindex: "0", role: "region", "aria-label": words });
  const verdict = region("verdict", "Recommendation");
  const said = make("div", { class: "said", role: "status" });
  const asked = make("div", { class: "asked" });
  const reasons = region("reasons", "Reasons");
  // JupyterLab would take keys for its own shortcuts, and move the focus to the cell.
  const root = make("section", {
    class: "secondop-case", "aria-label": "Case explorer", "data-lm-suppress-shortcuts": "true",
    onkeydown: (event) => event.stopPropagation(),
  },
    make("div", { class: "bar" },
      ...(model.get("starts").length ? [make("label", {}, "Start from ", start)] : []), press("restart", "Start again"),
      make("label", {}, "Find a fact ", find), larger, press("row", "Save case as CSV"), press("page", "Save explanation")),
    story,
    make("div", { class: "panes" }, form, make("div", { class: "says" }, verdict, said, problem, asked, reasons)));
  el.style.containerType = "inline-size"; // letters grow with the room there is
  el.append(root);

  const showFacts = () => {
    const facts = model.get("facts");
    for (const [name, { row, show }] of rows) {
      show(facts[name] ?? null);
      row.classList.toggle("recorded", name in facts);
    }
    for (const { count, names } of topics.values()) {
      count.textContent = `${names.filter((name) => name in facts).length} of ${names.length} recorded`;
    }
  };
  const showView = () => {
    const told = model.get("view");
    problem.textContent = told.problem;
    verdict.innerHTML = told.verdict; // made and escaped by the package
    if (said.textContent !== told.said) said.textContent = told.said;
    const folds = () => [...reasons.querySelectorAll("details")];
    const words = (fold) => fold.querySelector("summary").textContent.replace(/\d+/g, "");
    const open = folds().filter((fold) => fold.open).map(words);
    const top = reasons.scrollTop;
    reasons.innerHTML = told.reasons;
    for (const fold of folds()) fold.open = open.includes(words(fold));
    reasons.scrollTop = top;
    showAsked(told.asked);
  };
  const showAsked = (next) => {
    const held = asked.contains(document.activeElement);
    for (const { row } of rows.values()) row.classList.toggle("next", row.dataset.fact === next?.fact);
    asked.replaceChildren(make("h3", {}, next ? "Ask next" : "Nothing is left to ask"));
    if (!next) return;
    const many = next.choices.length > MANY;
    const answers = (many ? [] : next.choices).map(([value, words, leads]) => make("button", {
      type: "button", onclick: () => say(next.fact, value),
    }, words, make("small", {}, ` → ${leads}`)));
    const seek = make("button", {
      type: "button", onclick: () => { find.value = ""; find.dispatchEvent(new Event("input")); reach(next.fact); },
    }, answers.length ? "Show in the form" : `Answer in the form${many ? "" : ` (${next.outcomes})`}`);
    asked.append(make("p", {}, next.question), make("div", { class: "answers" }, ...answers, seek));
    if (held) asked.querySelector("button").focus();
  };
  const reach = (name) => {
    const { row } = rows.get(name);
    form.scrollTop += row.getBoundingClientRect().top - form.getBoundingClientRect().top - 60;
    (row.querySelector("input:checked") ?? row.querySelector("input, select")).focus({ preventScroll: true });
  };
  const blank = `Nobody in particular: set what is known${model.get("starts").length ? ", or start from a teaching case" : ""}.`;
  const showStart = () => { start.value = model.get("start"); story.textContent = model.get("story") || blank; };
  const save = ({ name, text }) => {
    const type = name.endsWith(".csv") ? "text/csv" : "text/html";
    const link = make("a", { download: name, href: URL.createObjectURL(new Blob([text], { type })) });
    link.click();
    URL.revokeObjectURL(link.href);
  };

  const listeners = { "change:facts": showFacts, "change:view": showView, "change:start": showStart, "change:story": showStart, "msg:custom": save };
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  showStart();
  showFacts();
  showView();
  return () => { for (const [event, listener] of Object.entries(listeners)) model.off(event, listener); };
}

export default { render };
