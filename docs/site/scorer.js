// What the search shows first: pages that answer a task or a message, then others, then those about the project.
// Numbers besides `score` are Sphinx's own.
const FOLDERS = { "docs/how-to": 3, "docs/troubleshooting": 3, docs: 0, notebooks: -1, project: -9 };

function folderOf(page) {
  if (page === "README") return "docs";
  return Object.keys(FOLDERS).find((folder) => page === folder || page.startsWith(`${folder}/`)) ?? "project";
}

var Scorer = {
  score: ([page, , , , score]) => score + FOLDERS[folderOf(page)],
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
