"use strict";
// All text of skills comes from the data and is shown as text (textContent, value), never as markup.
(() => {
  const skills = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const body = document.querySelector("#skills tbody");
  const rows = [...body.rows];
  const MOST_WORDS = 400; // of a piece whose words are compared
  let skill = -1;
  let point = 0;
  let moving = false;
  let cells = []; // for each piece its two cells, and what they show
  let chosen = new Set();

  const number = (value) => value.toLocaleString("en-US");
  const now = () => (moving ? skills[skill].moved : skills[skill].points[point]);

  function make(piece, index) {
    const node = document.createElement("div");
    node.classList.add("piece");
    if (["heading", "frontmatter"].includes(piece[2])) node.classList.add(piece[2]);
    if (piece[0]) {
      node.tabIndex = 0;
      node.setAttribute("role", "button");
      node.dataset.index = index;
    }
    return node;
  }

  function tell(piece, index) {
    const result = now();
    const state = result.states[index];
    const said = { k: "stays", g: "went", c: "said in fewer words", m: "moved" }[state];
    const where = state === "m" ? ` to ${result.files[result.at[index]]}` : "";
    const lines = [`${piece[0] || "frontmatter"} · ${piece[2]}, line ${piece[1]} · ${said}${where}`];
    if (piece[4]) lines.push(`worth ${(100 * piece[4]).toFixed(1)} % of the skill`);
    for (const need of piece[5]) lines.push(`needed by ${need}`);
    return lines.join("\n");
  }

  // The words of two texts: what only the first has is marked on the left, what only the second has on the right.
  function compare(left, right, before, after) {
    const a = before.split(/(\s+)/);
    const b = after.split(/(\s+)/);
    if (a.length > MOST_WORDS || b.length > MOST_WORDS) {
      left.textContent = before;
      right.textContent = after;
      return;
    }
    const wide = b.length + 1;
    const same = new Uint16Array((a.length + 1) * wide);
    for (let i = a.length - 1; i >= 0; i -= 1) {
      for (let j = b.length - 1; j >= 0; j -= 1) {
        same[i * wide + j] = a[i] === b[j] ? same[(i + 1) * wide + j + 1] + 1
          : Math.max(same[(i + 1) * wide + j], same[i * wide + j + 1]);
      }
    }
    const add = (side, tag, text) => {
      const last = side.lastChild;
      if (last && (tag ? last.nodeName === tag.toUpperCase() : last.nodeType === 3)) {
        last.textContent += text;
        return;
      }
      side.append(tag ? Object.assign(document.createElement(tag), { textContent: text }) : document.createTextNode(text));
    };
    left.textContent = "";
    right.textContent = "";
    let i = 0;
    let j = 0;
    while (i < a.length || j < b.length) {
      if (i < a.length && j < b.length && a[i] === b[j]) {
        add(left, "", a[i]);
        add(right, "", b[j]);
        i += 1;
        j += 1;
      } else if (j >= b.length || (i < a.length && same[(i + 1) * wide + j] >= same[i * wide + j + 1])) {
        add(left, "del", a[i]);
        i += 1;
      } else {
        add(right, "ins", b[j]);
        j += 1;
      }
    }
  }

  function show(cell, piece, index, result) {
    const state = result.states[index];
    const pointer = moving ? result.pointers[index] : undefined;
    const key = `${state}${state === "c" ? result.texts[index] : pointer ?? ""}`;
    if (cell.key === key) return;
    cell.key = key;
    for (const name of ["g", "c", "m"]) {
      cell.left.classList.toggle(name, state === name);
      cell.right.classList.toggle(name, name !== "g" && state === name);
    }
    cell.right.classList.toggle("empty", state === "g" || (state === "m" && pointer === undefined));
    cell.right.classList.toggle("same", state === "k");
    if (state === "c") {
      compare(cell.left, cell.right, piece[3], result.texts[index]);
    } else {
      cell.left.textContent = piece[3];
      cell.right.textContent = state === "k" ? piece[3] : pointer ?? "";
    }
  }

  function draw() {
    const one = skills[skill];
    const result = now();
    one.pieces.forEach((piece, index) => {
      show(cells[index], piece, index, result);
      const said = tell(piece, index);
      for (const node of [cells[index].left, cells[index].right]) {
        node.classList.toggle("b", chosen.has(index));
        node.setAttribute("aria-description", said);
        if (piece[0]) node.setAttribute("aria-pressed", chosen.has(index));
      }
    });
    const all = one.points[0].tokens;
    const share = all ? 100 * (1 - result.tokens / all) : 0;
    const kept = moving ? `all of it is kept, in ${result.files.length} more file${result.files.length > 1 ? "s" : ""}`
      : `estimate ${result.score.toFixed(0)} %, threshold ${result.threshold}`;
    const figures = `${number(result.tokens)} of ${number(all)} tokens (${share.toFixed(0)} % saved), ${kept}`;
    at("figures").textContent = figures;
    at("slider").setAttribute("aria-valuetext", figures);
    at("slider").disabled = moving;
    const options = [...chosen].map((index) => ` --keep ${one.pieces[index][0]}`).join("");
    const own = moving ? "reduce" : point || options ? `--threshold ${result.threshold}` : "";
    at("option").value = own + options;
    for (const [index, dot] of [...at("curve").querySelectorAll("circle")].entries()) {
      dot.classList.toggle("now", !moving && index === point);
    }
  }

  // Tokens from left to right, the estimate upwards.
  function plot(one) {
    const curve = at("curve");
    const svg = (name, attributes, text = "") => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      node.textContent = text;
      return node;
    };
    const least = Math.min(...one.points.map((each) => each.tokens));
    const most = one.points[0].tokens;
    const low = Math.min(90, ...one.points.map((each) => each.score));
    const places = one.points.map((each) => [
      8 + (most > least ? (134 * (each.tokens - least)) / (most - least) : 67),
      6 + (38 * (100 - each.score)) / Math.max(1, 100 - low),
    ]);
    curve.replaceChildren(
      svg("path", { class: "axis", d: "M4 2V48H146" }),
      svg("polyline", { points: places.map((place) => place.join(",")).join(" ") }),
      svg("text", { x: 4, y: 58 }, number(least)),
      svg("text", { x: 146, y: 58, "text-anchor": "end" }, `${number(most)} tokens`),
      ...places.map(([x, y], index) => {
        const dot = svg("circle", { cx: x, cy: y, r: 3.2 });
        dot.addEventListener("click", () => go(index));
        return dot;
      }),
    );
  }

  function go(where) {
    moving = false;
    at("drop").checked = true;
    point = where;
    at("slider").value = where;
    draw();
  }

  function open(which, where) {
    if (which !== skill) {
      skill = which;
      chosen = new Set();
      moving = false;
      at("drop").checked = true;
      const one = skills[skill];
      const sides = document.createDocumentFragment();
      for (const title of ["Original", "Result"]) {
        sides.append(Object.assign(document.createElement("h3"), { textContent: title }));
      }
      cells = one.pieces.map((piece, index) => {
        const cell = { left: make(piece, index), right: make(piece, index), key: "" };
        sides.append(cell.left, cell.right);
        return cell;
      });
      at("sides").replaceChildren(sides);
      at("name").textContent = one.place;
      at("about").textContent = one.refused || one.path;
      at("slider").max = one.points.length - 1;
      at("ways").hidden = !one.moved;
      at("detail").hidden = false;
      plot(one);
      rows.forEach((row) => row.classList.toggle("chosen", row.dataset.skill === String(skill)));
      at("back").disabled = !beside(-1);
      at("next").disabled = !beside(1);
      at("name").focus({ preventScroll: true });
      at("detail").scrollIntoView();
    }
    point = Math.max(0, Math.min(where, skills[skill].points.length - 1));
    at("slider").value = point;
    draw();
  }

  // The row above or below that of the skill, in the order and the choice of the table.
  function beside(step) {
    const shown = [...body.rows].filter((row) => !row.hidden);
    const place = shown.findIndex((row) => row.dataset.skill === String(skill));
    return place < 0 ? undefined : shown[place + step];
  }

  function turn(step) {
    const row = beside(step);
    if (row) location.hash = `skill=${row.dataset.skill}`;
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
    if (event.type === "click" && String(getSelection())) return; // somebody marks text
    event.preventDefault();
    const index = Number(node.dataset.index);
    if (!chosen.delete(index)) chosen.add(index);
    draw();
  }

  function hint(event) {
    const node = event.type === "mouseleave" ? null : event.target.closest(".piece");
    const index = node ? cells.findIndex((cell) => cell.left === node || cell.right === node) : -1;
    at("tip").hidden = index < 0;
    if (index < 0) return;
    at("tip").textContent = tell(skills[skill].pieces[index], index);
    const place = node.getBoundingClientRect();
    const x = event.type === "mousemove" ? event.clientX + 14 : place.left + 14;
    const y = event.type === "mousemove" ? event.clientY + 18 : place.bottom + 4;
    at("tip").style.left = `${Math.min(x, innerWidth - at("tip").offsetWidth - 8)}px`;
    at("tip").style.top = `${Math.min(y, innerHeight - at("tip").offsetHeight - 8)}px`;
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
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row && !event.target.closest("a")) location.hash = `skill=${row.dataset.skill}`;
  });
  at("search").addEventListener("input", search);
  at("slider").addEventListener("input", () => { point = Number(at("slider").value); draw(); });
  at("drop").addEventListener("change", () => { moving = false; draw(); });
  at("move").addEventListener("change", () => { moving = true; draw(); });
  at("back").addEventListener("click", () => turn(-1));
  at("next").addEventListener("click", () => turn(1));
  at("copy").addEventListener("click", copy);
  for (const type of ["click", "keydown"]) at("sides").addEventListener(type, choose);
  for (const type of ["mousemove", "mouseleave", "focusin", "focusout"]) {
    at("sides").addEventListener(type, type === "focusout" ? () => { at("tip").hidden = true; } : hint);
  }
  addEventListener("hashchange", follow);
  search();
  follow();
})();
