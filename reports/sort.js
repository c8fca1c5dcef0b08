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
    // A span, not a button: Chromium leaves buttons out of a header that repeats on paper.
    const button = document.createElement("span");
    button.setAttribute("role", "button");
    button.tabIndex = 0;
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      button.click();
    });
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
