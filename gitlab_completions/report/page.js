"use strict";
// Picks what Python has worked out for the filters' setting; counts nothing itself.
// Words of the log become text only (`textContent`, and Vega's own text nodes).
(() => {
  const report = JSON.parse(document.getElementById("report").textContent);
  const filters = document.querySelector("form.filters");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const names = Object.keys(report.charts.light);
  const drawn = {};
  let drawing = Promise.resolve();

  const chosen = (name) => filters.elements[name].value;
  const setting = () => `${chosen("route")}/${chosen("context")}`;
  const current = () => report.views[setting()];
  const theme = () => {
    const wanted = chosen("theme");
    return wanted === "system" ? (dark.matches ? "dark" : "light") : wanted;
  };
  // Vega marks the rows that it is given, so each time they are new ones.
  const rows = (name) => current().points[name].map((row) => ({ ...row }));
  const datasets = (name) => (name === "latency" ? ["latency", "medians"] : [name]);

  const some = (name) => current().points[name].some((row) => "t" in row || "ms" in row);

  const tell = () => {
    const view = current();
    for (const element of document.querySelectorAll("[data-number]")) {
      element.textContent = view.numbers[element.dataset.number];
    }
    let left = 0;
    for (const row of document.querySelectorAll("tr[data-shown]")) {
      row.hidden = !row.dataset.shown.split(" ").includes(setting());
      left += row.hidden ? 0 : 1;
    }
    document.getElementById("nothing-table").hidden = left > 0;
    document.getElementById("shown").textContent = view.shown;
    for (const name of names) {
      document.getElementById(`nothing-${name}`).hidden = some(name);
      document.getElementById(`chart-${name}`).hidden = !some(name);
    }
  };

  const forget = (name) => {
    drawn[name]?.finalize();
    delete drawn[name];
  };

  const embed = async (name) => {
    const spec = structuredClone(report.charts[theme()][name]);
    spec.datasets = Object.fromEntries(datasets(name).map((each) => [each, rows(each)]));
    drawn[name] = await vegaEmbed(`#chart-${name}`, spec, {
      actions: false,
      ast: true, // expressions are interpreted: the page's policy forbids `eval`
      renderer: "svg",
    });
  };

  const refill = async (name) => {
    for (const each of datasets(name)) drawn[name].view.data(each, rows(each));
    await drawn[name].view.resize().runAsync();
  };

  // A chart without points is not drawn: it would have no scale.
  const draw = async (anew) => {
    for (const name of names) {
      if (anew || !some(name)) forget(name);
      if (some(name)) await (drawn[name] ? refill(name) : embed(name));
    }
  };

  const redraw = (anew) => {
    drawing = drawing.then(() => draw(anew)).then(() => {
      document.documentElement.dataset.drawn = `${setting()}/${theme()}`;
    });
  };

  const retheme = () => {
    const wanted = chosen("theme");
    if (wanted === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = wanted;
    redraw(true);
  };

  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("change", (event) => {
    if (event.target.name === "theme") return retheme();
    tell();
    redraw(false);
  });
  dark.addEventListener("change", retheme);
  filters.reset(); // browsers remember choices when a page is loaded again
  tell();
  redraw(true);
})();
