// Makes tables sortable; without it they are plain tables. Totals stay at the foot.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const value = (row, place) => row.cells[place].dataset.v ?? row.cells[place].textContent.trim();
  const compare = (a, b, place, isNumber) => {
    const [x, y] = [value(a, place), value(b, place)];
    if (x === "" || y === "") return (x === "") - (y === "");
    return isNumber ? Number(x) - Number(y) : x.localeCompare(y);
  };
  heads.forEach((head, place) => {
    if ("unsortable" in head.dataset) return;
    const isNumber = head.classList.contains("n");
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      const order = before ? (before === "ascending" ? "descending" : "ascending")
        : isNumber ? "descending" : "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const empty = (row) => value(row, place) === "";
      body.append(...[...body.rows].sort((a, b) =>
        empty(a) || empty(b) ? compare(a, b, place) : sign * compare(a, b, place, isNumber)));
    });
  });
}
