"use strict";
const list = document.getElementById("traces");
const form = document.getElementById("filter");
const runs = Array.from(list.children);
const texts = new Map();

function textOf(run) {
  if (!texts.has(run)) texts.set(run, run.textContent.toLowerCase());
  return texts.get(run);
}

function fits(run, want) {
  const data = run.dataset;
  if (want.set && data.set !== want.set) return false;
  if (want.injected && data.injected !== want.injected) return false;
  if (want.wrong === "any" && !data.wrong) return false;
  if (want.wrong === "none" && data.wrong) return false;
  if (want.wrong && want.wrong !== "any" && want.wrong !== "none" && !data.wrong.split(" ").includes(want.wrong)) return false;
  if (want.outcome === "permit" && (data.deny !== "0" || data.ask !== "0")) return false;
  if ((want.outcome === "deny" || want.outcome === "ask") && data[want.outcome] === "0") return false;
  return !want.text || textOf(run).includes(want.text.toLowerCase());
}

function filter() {
  const want = Object.fromEntries(new FormData(form));
  let shown = 0;
  for (const run of runs) {
    run.hidden = !fits(run, want);
    if (!run.hidden) shown += 1;
  }
  form.querySelector("output").value = `${shown.toLocaleString("en")} of ${runs.length.toLocaleString("en")} runs`;
}

function order() {
  const [sign, key] = form.elements.sort.value.startsWith("-") ? [-1, form.elements.sort.value.slice(1)] : [1, form.elements.sort.value];
  runs.sort((a, b) => sign * (a.dataset[key] - b.dataset[key]) || a.dataset.number - b.dataset.number);
  list.append(...runs);
}

function sortable(table) {
  const body = table.tBodies[0];
  const value = (row, at) => {
    const text = row.cells[at].textContent;
    return text === "–" ? -Infinity : Number.isNaN(Number(text)) ? text : Number(text);
  };
  Array.from(table.tHead.rows[0].cells).forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") !== "descending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = Array.from(body.rows);
      const plain = rows.filter((row) => !row.classList.contains("sum"));
      plain.sort((a, b) => {
        const [x, y] = [value(a, at), value(b, at)];
        return (down ? -1 : 1) * (x < y ? -1 : x > y ? 1 : 0);
      });
      body.append(...plain, ...rows.filter((row) => row.classList.contains("sum")));
    });
  });
}

let waiting = 0;
form.hidden = false;
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", (event) => (event.target.name === "sort" ? order() : filter()));
form.elements.text.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(filter, 150);
});
document.querySelectorAll("table.sortable").forEach(sortable);
filter();
