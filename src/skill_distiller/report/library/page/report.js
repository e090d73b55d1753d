"use strict";
// All text of skills comes from the data and is shown as text (textContent, value), never as markup.
(() => {
  const skills = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const body = document.querySelector("#skills tbody");
  const rows = [...body.rows];
  let skill = -1;
  let point = 0;
  let nodes = [];
  let chosen = new Set();

  const number = (value) => value.toLocaleString("en-US");

  function make(piece, text, index) {
    const node = document.createElement("div");
    node.className = ["heading", "frontmatter"].includes(piece[2]) ? `piece ${piece[2]}` : "piece";
    node.textContent = text;
    if (piece[0]) {
      node.tabIndex = 0;
      node.setAttribute("role", "button");
      node.dataset.index = index;
    }
    return node;
  }

  function tell(piece, state) {
    const said = { k: "stays", g: "went", c: "said in fewer words" }[state];
    const lines = [`${piece[0] || "frontmatter"} · ${piece[2]}, line ${piece[1]} · ${said}`];
    if (piece[4]) lines.push(`worth ${(100 * piece[4]).toFixed(1)} % of the skill`);
    for (const need of piece[5]) lines.push(`needed by ${need}`);
    return lines.join("\n");
  }

  function draw() {
    const one = skills[skill];
    const now = one.points[point];
    const after = document.createDocumentFragment();
    one.pieces.forEach((piece, index) => {
      const state = now.states[index];
      const node = nodes[index];
      node.classList.toggle("g", state === "g");
      node.classList.toggle("c", state === "c");
      node.classList.toggle("b", chosen.has(index));
      node.title = tell(piece, state);
      node.setAttribute("aria-description", node.title);
      if (piece[0]) node.setAttribute("aria-pressed", chosen.has(index));
      if (state !== "g") {
        const copy = make(piece, state === "c" ? now.texts[index] : piece[3], index);
        copy.classList.toggle("c", state === "c");
        copy.title = node.title;
        after.append(copy);
      }
    });
    at("after").replaceChildren(after);
    const share = one.points[0].tokens ? 100 * (1 - now.tokens / one.points[0].tokens) : 0;
    const figures = `${number(now.tokens)} of ${number(one.points[0].tokens)} tokens (${share.toFixed(0)} % saved), `
      + `estimate ${now.score.toFixed(0)} %, threshold ${now.threshold}`;
    at("figures").textContent = figures;
    at("slider").setAttribute("aria-valuetext", figures);
    const options = [...chosen].map((index) => ` --keep ${one.pieces[index][0]}`).join("");
    at("option").value = point || options ? `--threshold ${now.threshold}${options}` : "";
  }

  function open(which, where) {
    if (which !== skill) {
      skill = which;
      chosen = new Set();
      const one = skills[skill];
      nodes = one.pieces.map((piece, index) => make(piece, piece[3], index));
      at("before").replaceChildren(...nodes);
      at("name").textContent = one.place;
      at("about").textContent = one.refused || one.path;
      at("slider").max = one.points.length - 1;
      at("detail").hidden = false;
      rows.forEach((row) => row.classList.toggle("chosen", row.dataset.skill === String(skill)));
      at("name").focus({ preventScroll: true });
      at("detail").scrollIntoView();
    }
    point = Math.max(0, Math.min(where, skills[skill].points.length - 1));
    at("slider").value = point;
    draw();
  }

  function follow() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const which = Number(asked.get("skill") ?? NaN);
    if (!Number.isInteger(which) || !skills[which]) return;
    const where = Number(asked.get("point") ?? NaN);
    open(which, Number.isInteger(where) ? where : skills[which].start);
  }

  function choose(event) {
    const node = event.target.closest(".piece[data-index]");
    if (!node || (event.type === "keydown" && event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    const index = Number(node.dataset.index);
    if (!chosen.delete(index)) chosen.add(index);
    draw();
  }

  function sort(event) {
    const head = event.currentTarget.closest("th");
    const column = head.cellIndex;
    const up = head.getAttribute("aria-sort") === "descending" || (!head.hasAttribute("aria-sort") && column === 0);
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = (row) => row.cells[column].dataset.n;
    const text = (row) => row.cells[column].textContent;
    const order = (a, b) => (key(a) === undefined ? text(a).localeCompare(text(b)) : key(a) - key(b));
    body.append(...[...rows].sort((a, b) => (up ? order(a, b) : order(b, a))));
  }

  function search() {
    const words = at("search").value.toLowerCase().split(/\s+/);
    let count = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      count += !row.hidden;
    }
    at("shown").textContent = `${number(count)} of ${number(rows.length)}`;
  }

  async function copy() {
    at("option").select();
    try {
      await navigator.clipboard.writeText(at("option").value);
      at("copied").textContent = "Copied.";
    } catch {
      at("copied").textContent = "Press Ctrl+C.";
    }
  }

  rows.forEach((row, index) => { row.dataset.skill = index; });
  document.querySelectorAll("#skills thead button").forEach((button) => button.addEventListener("click", sort));
  at("search").addEventListener("input", search);
  at("slider").addEventListener("input", () => { point = Number(at("slider").value); draw(); });
  at("copy").addEventListener("click", copy);
  for (const side of ["before", "after"]) {
    at(side).addEventListener("click", choose);
    at(side).addEventListener("keydown", choose);
  }
  addEventListener("hashchange", follow);
  search();
  follow();
})();
