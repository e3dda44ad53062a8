// A new fit: the schema with its reasons, what is to be known, the budget.
import { h, show, toast } from "./dom.js";
import { get, send } from "./api.js";
import { field, said } from "./forms.js";
import { bytes, says, t } from "./words.js";

const BUDGETS = [5, 15, 60, 300, null];

export async function plan(main, id) {
  show(main, h("p.soft", {}, `${t("Reading the data")} …`), h("div.bar.busy", {}, h("i")));
  const [upload, kinds] = await Promise.all([get(`/uploads/${id}`), get("/kinds")]);
  const state = { kind: "", changes: {}, fields: [], seconds: 60, planned: null };
  const table = h("div"), notes = h("div"), estimate = h("p.small.soft", { role: "status" }), more = h("div");
  const seconds = h("div.budget", {}, BUDGETS.map((s) => h("label", {},
    h("input", { type: "radio", name: "budget", value: String(s), checked: s === state.seconds, onchange: () => (state.seconds = s) }),
    h("span", {}, s === null ? t("until it stops") : s < 60 ? `${s} s` : `${s / 60} min`))));
  const seed = h("input", { type: "number", min: 0, step: 1, value: "0" });
  const name = h("input", { type: "text", maxlength: 60, value: upload.name.split(".")[0], autocomplete: "off" });
  const kind = h("select", { onchange: () => ((state.kind = kind.value), (state.changes = {}), look()) },
    h("option", { value: "" }, t("as it looks")), kinds.map((k) => h("option", { value: k.name }, says(k.words.many)[1])));
  const go = h("button.button.main.wide", { type: "submit", disabled: true }, t("Start the fit"));
  const again = h("button.button.slim", { type: "button", onclick: () => look() }, t("Look again"));

  function options() {
    const out = said(state.fields);
    if (state.kind) out.kind = state.kind;
    const changed = Object.entries(state.changes).map(([column, as]) => `${column}=${as}`);
    if (changed.length) out.kinds = changed;
    return out;
  }

  async function look() {
    go.disabled = true;
    show(notes, h("p.small.soft", { role: "status" }, `${t("Reading the data")} …`), h("div.bar.busy", {}, h("i")));
    try {
      state.planned = await send("POST", "/plans", { upload: id, options: options() });
    } catch (error) {
      show(notes, h("div.note.bad", { role: "alert", lang: "en" }, error.message));
      if (!state.planned) show(table, again);
      return;
    }
    drawSchema();
    const found = state.planned;
    show(notes, found.warnings.map((w) => h("div.note", { lang: "en" }, w)),
      found.hints.map((w) => h("div.note.row", {}, h("span.grow", { lang: "en" }, w.text), h("button.button.slim", { type: "button", onclick: () => ((kind.value = state.kind = w.kind), look()) }, `${t("Kind of data")}: ${says(kinds.find((k) => k.name === w.kind)?.words.many || w.kind)[1]}`))));
    estimate.textContent = found.estimate ? `${t("Estimate")}: ${found.estimate}` : "";
    go.disabled = false;
    drawOptions(kinds.find((k) => k.name === found.kind));
  }

  function drawOptions(one) {
    if (!one || more.dataset.kind === one.name) return;
    more.dataset.kind = one.name;
    const skip = ["kind", "seconds", "seed", "kinds"];
    state.fields = one.options.filter((o) => !skip.includes(o.name)).map((o) => field(o));
    show(more, h("details", {}, h("summary", {}, t("More options")), state.fields.map((f) => f.node)));
  }

  function drawSchema() {
    const found = state.planned;
    const choices = kinds.find((k) => k.name === found.kind)?.columns || {};
    const pick = (column) => {
      const names = [...new Set([column.kind, ...Object.keys(choices)])];
      return h("select", {
        "aria-label": `${t("Taken for")}: ${column.name}`, title: choices[column.kind] || "",
        onchange: (e) => ((state.changes[column.name] = e.target.value), look()),
      }, names.map((n) => h("option", { value: n, selected: n === column.kind, title: choices[n] || "" }, n)));
    };
    const rows = found.columns.map((c) => h(`tr${state.changes[c.name] ? ".changed" : ""}`, {},
      h("td", { title: c.name }, c.name), h("td.soft.mono", {}, c.type),
      h("td", {}, Object.keys(choices).length ? pick(c) : c.kind), h("td.wrap.soft", { lang: "en" }, c.note)));
    const facts = found.facts.map(([a, b]) => h("tr", {}, h("th", { scope: "row" }, a), h("td.wrap", {}, b)));
    show(table, h("div.scroll.tall", { tabindex: "0", role: "region", "aria-label": t("What it was taken for") }, rows.length
      ? h("table.schema", {}, h("thead", {}, h("tr", {}, ["Column", "Type", "Taken for", "Why"].map((x) => h("th", { scope: "col" }, t(x))))), h("tbody", {}, rows))
      : h("table", {}, h("tbody", {}, facts))));
  }

  async function start(event) {
    event.preventDefault();
    go.disabled = true;
    const wanted = { ...options(), seed: Number(seed.value || 0) };
    if (!wanted.seed) delete wanted.seed;
    if (state.seconds) wanted.seconds = state.seconds;
    try {
      const fit = await send("POST", "/fits", { upload: id, options: wanted, name: name.value });
      location.hash = `#/run/${fit.id}`;
    } catch (error) {
      toast(error.message);
      go.disabled = false;
    }
  }

  show(main, h("div.head", {}, h("div", {}, h("h1", {}, upload.name), h("p", {}, bytes(upload.bytes), upload.files > 1 ? ` · ${upload.files}` : ""))),
    h("div.split", {},
      h("section.stack", {}, notes, h("div.card", {}, h("h2", {}, t("What it was taken for")), table)),
      h("form.card", { onsubmit: start }, h("h2", {}, t("Fit")),
        h("fieldset.field", {}, h("legend", {}, t("Time for training")), seconds, estimate),
        h("label.field", {}, h("span", {}, t("Name of the model")), name),
        h("label.field", {}, h("span", {}, t("Kind of data")), kind),
        h("label.field", {}, h("span", {}, t("Seed")), seed),
        h("div.field", {}, more), h("div.field", {}, go))));
  await look();
}

