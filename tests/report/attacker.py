"""An attacker who knows the rule book, reads every table of a report, and asks what a count could be.

All cases are counted in cells of the joint table: one answer to each fact, one group, one outcome. Whatever a
report states is a sum of such cells; integer programming finds the least and the most of any other sum.
"""

from itertools import product

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

from secondop import assess
from secondop.evaluation.recorded import answers_to

PARTS = ("no", "yes", "unknown")


class Attacker:
    def __init__(self, book, groups, n):
        self.book, self.asked = book, {f.name: answers_to(f, book) for f in book.facts.values()}
        values = {name: [*(value for _, value, _ in answers), None] for name, answers in self.asked.items()}
        rows = [dict(zip(values, cell, strict=True)) for cell in product(*values.values())]
        cells = pd.DataFrame(rows).astype({f.name: "object" for f in book.facts.values()})
        said = assess(cells, book, verdicts=True)
        self.cells = said.merge(pd.DataFrame({"site": groups}), how="cross")
        self.cells = self.cells.merge(pd.DataFrame({"changed": [True, False]}), how="cross")
        self.told, self.values = [np.ones(len(self.cells))], [n]

    def where(self, group="all", **facts):
        """The sum of the cells of a group that give one of these answers, ``None`` not recorded."""
        mask = np.ones(len(self.cells), bool) if group == "all" else (self.cells["site"] == group).to_numpy()
        for name, answers in facts.items():
            column = self.cells[name]
            mask = mask & (
                column.isin([x for x in answers if x is not None]) | (column.isna() & (None in answers))
            ).to_numpy(bool)
        return mask.astype(float)

    def fires(self, rules, part, group="all", changed=None):
        """The sum of the cells in which any of the rules fires, none does, or it is unknown."""
        verdicts = self.cells[[rule.name for rule in rules]].astype("boolean")
        yes = verdicts.fillna(False).any(axis=1)
        unknown = verdicts.isna().any(axis=1) & ~yes
        mask = {"yes": yes, "unknown": unknown, "no": ~yes & ~unknown}[part].to_numpy(bool)
        mask = mask & (self.where(group) > 0)
        return (mask if changed is None else mask & (self.cells["changed"] == changed).to_numpy()).astype(
            float
        )

    def learn(self, cells, value):
        self.told.append(cells)
        self.values.append(round(float(value), 6))

    def knows(self, cells, count):
        """Whether a sum of cells, in truth so many, can be nothing else."""
        values = np.array(self.values)
        known = LinearConstraint(np.array(self.told), values - 1e-6, values + 1e-6)
        whole = {"integrality": np.ones(len(cells)), "bounds": Bounds(0, np.inf), "constraints": known}
        for sign in (-1, 1):
            found = milp(sign * cells, **whole)
            assert found.success, "what the report states contradicts itself"
            if round(sign * found.fun) != count:
                return False
        return True

    def read_who(self, sheet):
        """Table 1."""
        for row in sheet.to_dict("records"):
            fact, labels = row["fact"], row["answer"]
            for head in (name[:-3] for name in sheet.columns if name.endswith(": n")):
                if (n := row[f"{head}: n"]) == "hidden":
                    assert row[f"{head}: %"] == "hidden"
                elif fact == "all cases":
                    self.learn(self.where(head), n)
                else:
                    name = next(f.name for f in self.book.facts.values() if f.label == fact)
                    of = {words: value for words, value, _ in self.asked[name]} | {"not recorded": None}
                    self.learn(self.where(head, **{name: [of[x] for x in labels.split(" / ")]}), n)
                    share = row[f"{head}: %"]
                    if share not in ("", "hidden") and not pd.isna(share) and n:
                        if labels == "not recorded":
                            self.learn(self.where(head), 100 * n / share)
                        else:
                            self.learn(
                                self.where(head, **{name: [x for x in of.values() if x is not None]}),
                                100 * n / share,
                            )

    def read_rates(self, sheet, rules_of, groups=False):
        """Rates: counts, and what their bounds and the ends of their intervals tell."""
        for row in sheet.to_dict("records"):
            what, name = list(row.values())[:2]
            rules, group = (rules_of(None, what), name) if groups else (rules_of(what, name), "all")
            n = row["of"]
            self.learn(self.where(group), n)
            if row["fires in"] != "hidden":
                self.learn(self.fires(rules, "yes", group), row["fires in"])
            if row["cannot be judged"] != "hidden":
                self.learn(self.fires(rules, "unknown", group), row["cannot be judged"])
            for least, lower in (("if missing were no, %", "95 % interval, from"),):
                assert (row[least] == "hidden") == (row[lower] == "hidden") == (row["fires in"] == "hidden")
            assert (row["if missing were yes, %"] == "hidden") == (row["95 % interval, to"] == "hidden")
            if row["if missing were yes, %"] != "hidden":
                self.learn(self.fires(rules, "no", group), n - n * row["if missing were yes, %"] / 100)

    def read_worth(self, sheet, rules_of, n):
        """The trade-off: what a policy refers for certain and perhaps, with a change and without."""
        cells = {("true_positive", "min"): ("yes", True), ("false_positive", "min"): ("yes", False)}
        cells |= {("false_negative", "min"): ("no", True), ("true_negative", "min"): ("no", False)}
        for row in sheet.to_dict("records"):
            for end in ("min", "max"):
                if (at := cells.get((row["measure"], "min"))) and row["policy"] in ("all", "none"):
                    refers = ("yes" if row["policy"] == "all" else "no") == at[0]
                    self.learn((self.cells["changed"] == at[1]).to_numpy(float) * refers, row[end] * n / 100)
                elif at and row["policy"] in ("urgent", "recommended", "optional"):
                    told = self.fires(rules_of("level", row["label"]), at[0], changed=at[1])
                    maybe = self.fires(rules_of("level", row["label"]), "unknown", changed=at[1])
                    self.learn(told + (maybe if end == "max" else 0), row[end] * n / 100)
