// Patients told in stages: read, predict, reveal, go on. Where a clinician may see it otherwise: the book says, you say.

SCREENS.set("vignettes", (root) => {
  const now = (STATE.told ||= { id: DATA.vignettes[0].id, at: 0, shown: 0, given: {} }), one = DATA.vignettes.find(({ id }) => id === now.id);
  const german = own("vignettes", one.id), given = (i) => (now.given[`${one.id} ${i}`] ||= {}), ends = now.shown === one.stages.length;
  const to = (change) => { go("vignettes", { told: { ...now, ...change } }); ROOT.querySelector("main section:last-of-type h2")?.focus(); };
  const pick = el("select", { id: uid("vignette"), onchange: () => to({ id: pick.value, at: 0, shown: 0 }) },
    DATA.vignettes.map(({ id, title }) => el("option", { value: id, selected: id === one.id }, `${id} ${told("vignettes", { id, title }).title}`)));
  root.append(el("p", {}, t("vignettes-lead")), el("div", { class: "tools" }, el("label", { for: uid("vignette") }, t("vignette")), pick),
    ...one.stages.slice(0, now.at + 1).map((stage, i) => {
      const { book: key, facts } = stageFacts(stage), made = BOOKS.get(key), { why, disputed, told: story } = { ...stage, ...german.stages?.[i] }, open = i < now.shown, wrong = el("span", { role: "alert" });
      const mine = choices(`mine-${i}`, (x) => { given(i).mine = x; if (ends) to({}); }, "you-say", given(i).mine);
      const reveal = button(t("reveal"), () => { if (given(i).answer) to({ shown: i + 1 }); else wrong.textContent = t("choose-first"); });
      return el("section", { class: "card stage" }, el("h2", { tabindex: -1 }, `${i + 1}. ${t(`stage-${stage.kind}`)}`), el("p", { class: "story" }, story), recordedOf(made, facts, stage.names),
        open ? el("div", {}, el("p", {}, t("you-said", { answer: level(given(i).answer), right: level(stage.expected) })), verdict(made, facts), el("p", {}, why), disputed ? [el("p", {}, `${t("disputed")} ${disputed}`), mine] : null)
          : [choices(`stage-${i}`, (x) => { given(i).answer = x; }), reveal, " ", wrong],
        open && i === now.at && !ends ? button(t("next-stage"), () => to({ at: i + 1 })) : null);
    }), ends ? stagesTable(one, given) : "");
});

/** What is recorded by a stage; a code tells a number as the least of its sort, so numbers come beside it. */
function stageFacts({ code, numbers }) {
  const [book, facts] = ofCode(code);
  return { book, facts: { ...facts, ...numbers } };
}

const recordedOf = (made, facts, names) => el("ul", {}, made.facts.filter(({ name }) => names.includes(name)).map((about) => el("li", {}, `${question(about)} `, el("b", {}, inWords(about, facts[about.name])))));

function stagesTable({ stages }, given) {
  const said = (answer) => (answer ? level(answer) : "–"), head = ["stage", "predicted", "book-says", "you-say"];
  return scrolling(el("table", {}, el("caption", {}, t("stages-caption")), el("thead", {}, el("tr", {}, head.map((key) => el("th", { scope: "col" }, t(key))))),
    el("tbody", {}, stages.map((stage, i) => el("tr", {}, el("th", { scope: "row" }, `${i + 1}. ${t(`stage-${stage.kind}`)}`), [given(i).answer, stage.expected, given(i).mine].map((x) => el("td", {}, said(x))))))));
}
