"use strict";
(() => {
  const root = document.documentElement;

  // Theme: follows the system until chosen.
  const theme = document.getElementById("theme");
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const label = () => {
    theme.textContent = isDark() ? "Light theme" : "Dark theme";
    theme.setAttribute("aria-pressed", String(isDark()));
  };
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("cislex-theme", root.dataset.theme); } catch (e) { /* file:// may forbid storage */ }
    label();
  });
  system.addEventListener("change", label);
  label();

  // Sorting: a button in each heading; data-v holds the value, a missing one comes last in both directions.
  const value = (row, i) => {
    const cell = row.cells[i];
    const raw = cell && cell.hasAttribute("data-v") ? cell.dataset.v : "";
    if (raw === "") return null;
    const n = Number(raw);
    return Number.isNaN(n) ? raw.toLowerCase() : n;
  };
  const compare = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a.localeCompare(b, "en", { numeric: true });
  };
  document.querySelectorAll("th[aria-sort] button").forEach((button) => {
    button.addEventListener("click", () => {
      const head = button.closest("th");
      const body = head.closest("table").tBodies[0];
      const i = head.cellIndex;
      const numeric = head.classList.contains("num");
      const before = head.getAttribute("aria-sort");
      const next = before === "none" ? (numeric ? "descending" : "ascending") : before === "ascending" ? "descending" : "ascending";
      head.parentElement.querySelectorAll("th[aria-sort]").forEach((th) => th.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", next);
      const sign = next === "ascending" ? 1 : -1;
      const rows = [...body.rows].map((row) => [value(row, i), row]);
      rows.sort(([a], [b]) => (a === null ? (b === null ? 0 : 1) : b === null ? -1 : sign * compare(a, b)));
      body.append(...rows.map(([, row]) => row));
    });
  });

  // Filtering: rows that hold all words typed.
  document.querySelectorAll("input[data-filter]").forEach((input) => {
    const rows = [...document.getElementById(input.dataset.filter).tBodies[0].rows];
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const output = document.querySelector(`output[data-count="${input.dataset.filter}"]`);
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, i) => {
        row.hidden = !words.every((word) => texts[i].includes(word));
        if (!row.hidden) shown += 1;
      });
      output.textContent = words.length ? `${shown} of ${rows.length} rows` : `${rows.length} rows`;
    });
  });

  // The navigation marks the panel being read.
  const links = new Map([...document.querySelectorAll(".side nav a")].map((a) => [a.hash.slice(1), a]));
  const seen = new Map();
  const mark = () => {
    const first = [...links.keys()].find((id) => seen.get(id));
    if (!first) return;
    links.forEach((a, id) => (id === first ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current")));
  };
  const observer = new IntersectionObserver((entries) => {
    entries.forEach((entry) => seen.set(entry.target.id, entry.isIntersecting));
    mark();
  }, { rootMargin: "-15% 0px -60% 0px" });
  document.querySelectorAll("main > section").forEach((section) => observer.observe(section));

  // Paper cannot be unfolded: open everything while printing.
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((d) => { d.open = true; });
  });
  window.addEventListener("afterprint", () => folded.forEach((d) => { d.open = false; }));
})();
