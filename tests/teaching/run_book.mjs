// Reads {book, cases} a line and answers a line: what book.js says of every case.
import { createInterface } from "node:readline";
import { Book } from "../../secondop/teaching/js/book.js";
for await (const line of createInterface({ input: process.stdin })) {
  const { book, cases, changes } = JSON.parse(line), made = new Book(book);
  const said = cases.map((answers) => {
    const { verdicts, recommendation, possible, undetermined, indications, preferences } = made.assess(answers);
    const asked = made.questions(answers);
    const told = [made.rules.map((rule) => verdicts[rule.name]), recommendation, possible, undetermined, indications, preferences];
    const changed = changes ? made.rules.map((rule) => verdicts[rule.name] === true ? null : made.smallestChange(rule, answers)) : null;
    return [...told, asked.map(({ fact, answers, makesFinal }) => [fact, answers.map(([, after]) => after), makesFinal]), changed];
  });
  console.log(JSON.stringify(said));
}
