"use strict";
{
  // Light or dark: as the system says, until the button says otherwise.
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const label = () => (button.textContent = dark() ? "Light mode" : "Dark mode");
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    label();
  });
  system.addEventListener("change", label);
  label();
  button.hidden = false;

  // Sorting: a button in each head. What has no value stays at the end, both ways.
  const value = (row, column) => row.cells[column].dataset.value;
  const compare = (a, b) => {
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, "en", { numeric: true }) : x - y;
  };
  const sort = (head) => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    const body = head.closest("table").tBodies[0];
    const rows = [...body.rows];
    const known = rows.filter((row) => value(row, head.cellIndex) !== undefined);
    known.sort((a, b) => compare(value(a, head.cellIndex), value(b, head.cellIndex)));
    if (!up) known.reverse();
    body.append(...known, ...rows.filter((row) => !known.includes(row)));
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
  };
  for (const head of document.querySelectorAll("table.sortable thead th")) {
    const inside = document.createElement("button");
    inside.type = "button";
    inside.append(...head.childNodes);
    inside.addEventListener("click", () => sort(head));
    head.append(inside);
  }

  // The results within the page, as a file.
  for (const download of document.querySelectorAll("button.download")) {
    download.hidden = false;
    download.addEventListener("click", () => {
      const text = document.getElementById(download.dataset.of).textContent;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      link.download = download.dataset.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }
}
