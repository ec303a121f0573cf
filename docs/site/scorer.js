// What the search shows first: a page that answers a task, then other pages, then those about this project.
// The other numbers are Sphinx's own.
var Scorer = {
  score: ([docname, , , , score]) =>
    score + (docname.startsWith("docs/how-to/") ? 3 : docname.startsWith("docs/") ? 0
      : docname.startsWith("notebooks/") ? -1 : -9),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
