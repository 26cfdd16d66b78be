// Patients told in stages: read, predict, reveal, go on. Where a clinician may see it otherwise: the book says, you say.

SCREENS.set("vignettes", (root) => {
  const now = (STATE.told ||= { id: DATA.vignettes[0].id, at: 0, shown: 0, given: {} });
  const one = DATA.vignettes.find(({ id }) => id === now.id), all = one.stages.length, ends = now.shown === all;
  const given = (i) => (now.given[`${one.id} ${i}`] ||= {}), title = ({ kind }, i) => `${i + 1}. ${t(`stage-${kind}`)}`;
  const to = (change) => {
    go("vignettes", { told: { ...now, ...change } });
    ROOT.querySelector(".stage:last-of-type h2")?.focus();
  };
  const stages = one.stages.slice(0, now.at + 1).map((stage, i) => {
    const [book, recorded] = ofCode(stage.code), made = BOOKS.get(book), facts = { ...recorded, ...stage.numbers };
    const { told, why, disputed, names, expected } = { ...stage, ...own("vignettes", one.id).stages?.[i] };
    const open = i < now.shown, wrong = el("span", { role: "alert" });
    const reveal = () => { if (given(i).answer) to({ shown: i + 1 }); else wrong.textContent = t("choose-first"); };
    const mine = () => predicted("you-say", given(i).mine, (x) => { given(i).mine = x; if (ends) go("vignettes"); });
    return el("section.card.stage", el("h2", { tabindex: -1 }, title(stage, i)), el("p.story", told), recordedOf(made, facts, names),
      !open && [predicted("predict", given(i).answer, (x) => { given(i).answer = x; }), button(t("reveal"), reveal), " ", wrong],
      open && [el("p", t("you-said", { answer: level(given(i).answer), right: level(expected) })), verdict(made, facts), el("p", why),
        disputed && [el("p", `${t("disputed")} ${disputed}`), mine()]],
      open && i === now.at && !ends && button(t("next-stage"), () => to({ at: i + 1 })));
  });
  const words = (answer) => (answer ? level(answer) : "–");
  const rows = one.stages.map((stage, i) => [title(stage, i), ...[given(i).answer, stage.expected, given(i).mine].map(words)]);
  root.append(el("p", t("vignettes-lead")), el("div.tools", labelled(t("vignette"),
    choose(DATA.vignettes.map((x) => [x.id, named("vignettes", x)]), one.id, (id) => to({ id, at: 0, shown: 0 })))),
  ...stages, ends ? table(t("stages-caption"), ["stage", "predicted", "book-says", "you-say"].map((key) => t(key)), rows) : "");
});
