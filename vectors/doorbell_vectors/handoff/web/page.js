"use strict";
// Filters: a search field and a drop-down for each attribute that the table names. A link into a row that a filter
// hides clears the filter of that table, so that a link always leads somewhere.
(() => {
  const values = (row, key) => (row.dataset[key] || "").split("|").filter(Boolean);

  function apply(form, table) {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = [...form.querySelectorAll("select")].filter((select) => select.value);
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      const fits = words.every((word) => text.includes(word))
        && chosen.every((select) => values(row, select.name).includes(select.value));
      row.hidden = !fits;
      shown += fits;
    }
    form.querySelector("output").textContent = `${shown} of ${table.tBodies[0].rows.length}`;
  }

  function choices(form, table) {
    for (const key of (table.dataset.filters || "").split(" ").filter(Boolean)) {
      const found = new Set([...table.tBodies[0].rows].flatMap((row) => values(row, key)));
      if (found.size < 2) continue;
      const label = document.createElement("label");
      const select = document.createElement("select");
      select.name = key;
      select.append(new Option("all", ""), ...[...found].sort().map((value) => new Option(value, value)));
      label.append(key[0].toUpperCase() + key.slice(1), select);
      form.querySelector("button").before(label);
    }
  }

  for (const form of document.querySelectorAll("form.filters")) {
    const table = document.getElementById(form.dataset.table);
    choices(form, table);
    form.addEventListener("input", () => apply(form, table));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(() => apply(form, table)));
    apply(form, table);
  }

  function reveal() {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!row) return;
    const table = row.closest("table");
    const form = row.hidden && table && document.querySelector(`form[data-table="${table.id}"]`);
    if (form) {
      for (const field of form.querySelectorAll("input, select")) field.value = "";
      apply(form, table);
    }
    row.scrollIntoView({ block: "center" });
  }
  addEventListener("hashchange", reveal);
  reveal();
})();
