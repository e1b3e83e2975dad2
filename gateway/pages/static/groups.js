// The table of user groups: a row a group, changed in place, so that nothing jumps while figures move.

import * as format from "./format.js";
import { spark } from "./spark.js";

const WORDS = { live: "Live", backfilling: "Filling", failed: "Failed" };

const body = document.getElementById("rows");
const rows = new Map();
let order = { key: "name", down: false };
let latest = [];

export function show(groups) {
  latest = groups;
  const here = new Set(groups.map((group) => group.id));
  for (const [id, row] of rows) {
    if (!here.has(id)) { row.root.remove(); rows.delete(id); }
  }
  for (const old of body.querySelectorAll(".loading")) old.remove();
  for (const group of groups) update(rows.get(group.id) ?? add(group.id), group);
  arrange();
  document.getElementById("empty").hidden = groups.length > 0;
  body.parentElement.hidden = groups.length === 0;
}

function add(id) {
  const row = { root: element("tr") };
  const cell = (name, ...inside) => row.root.appendChild(element("td", name, ...inside));
  row.name = element("div", "name");
  row.sentence = element("div", "sentence");
  row.problem = element("div", "problem");
  cell("c-name", row.name, row.sentence, row.problem);
  row.line = element("div", "line");
  cell("c-trend", row.line);
  row.size = element("span");
  row.delta = element("span", "delta");
  cell("c-size number", row.size, row.delta);
  row.bar = element("i");
  row.part = element("span", "part");
  cell("c-share", element("div", "share", element("div", "track", row.bar), row.part));
  row.active = cell("c-active number");
  row.fresh = cell("c-new number");
  row.word = element("span");
  row.status = element("span", "status", element("span", "dot"), row.word);
  row.fillBar = element("i");
  row.fill = element("div", "fill", row.fillBar);
  cell("c-status", row.status, row.fill);
  rows.set(id, row);
  return row;
}

function update(row, group) {
  const filling = group.status === "backfilling";
  const answering = group.status === "live" || group.trend.length > 0 || group.size > 0;
  text(row.name, group.name);
  text(row.sentence, group.description || group.sentence);
  row.sentence.title = group.sentence;
  text(row.problem, group.error ?? "");
  text(row.size, answering ? format.number(group.size) : "–");
  text(row.part, answering ? format.share(group.share) : "");
  row.bar.style.width = `${group.share * 100}%`;
  text(row.active, answering ? format.number(group.active_7d) : "–");
  text(row.fresh, answering ? format.number(group.new_7d) : "–");
  const trend = [...group.trend, group.size];
  const change = group.trend.length ? group.size - group.trend[0] : 0;
  text(row.delta, change ? format.change(change) : "");
  row.delta.dataset.way = change > 0 ? "up" : "down";
  row.delta.title = "change in the last minutes";
  if (group.trend.length) spark(row.line, trend);
  row.status.dataset.status = group.status;
  text(row.word, filling ? `${WORDS.backfilling} ${format.progress(group.progress)}` : WORDS[group.status]);
  row.fill.hidden = !filling;
  row.fillBar.style.width = `${group.progress * 100}%`;
}

function arrange() {
  const compare = order.key === "name"
    ? (a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id)
    : (a, b) => a[order.key] - b[order.key] || a.name.localeCompare(b.name);
  const sorted = [...latest].sort(compare);
  if (order.down) sorted.reverse();
  sorted.forEach((group, i) => {
    const { root } = rows.get(group.id);
    if (body.children[i] !== root) body.insertBefore(root, body.children[i] ?? null);
  });
}

for (const button of document.querySelectorAll("[data-sort]")) {
  button.addEventListener("click", () => {
    const key = button.dataset.sort;
    order = { key, down: order.key === key ? !order.down : key !== "name" };
    for (const head of document.querySelectorAll("th[aria-sort]")) head.removeAttribute("aria-sort");
    button.closest("th").setAttribute("aria-sort", order.down ? "descending" : "ascending");
    arrange();
  });
}

function element(tag, name = "", ...inside) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...inside);
  return made;
}

// Whatever a visitor or a colleague typed is shown as text, never read as markup.
function text(where, value) {
  if (where.textContent !== value) where.textContent = value;
}
