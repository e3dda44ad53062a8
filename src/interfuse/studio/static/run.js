// A model: its questions as tabs, judged, compared, described.
import { h, icon, show, toast } from "./dom.js";
import { answered, ask as begin, get } from "./api.js";
import { curve } from "./charts.js";
import { charts, draw, PICTURES, TABLES } from "./answer.js";
import { code, dataField, field, rowsOf, said } from "./forms.js";
import { painting } from "./paint.js";
import { clock, lang, number, says, t } from "./words.js";
import { watch } from "./fit.js";

const tabOf = (name) => t(name === "compare" ? "changes" : name);

export async function run(main, id, tab, again) {
  const fit = await get(`/fits/${id}`);
  if (fit.status !== "complete") return watch(main, fit, again);
  const one = await get(`/runs/${id}`);
  let alive = true, earlier = () => {};
  const fitted = one.upload ? await get(`/uploads/${one.upload}`).catch(() => null) : null;
  if (!fitted) one.upload = null;
  const seen = fitted ? await get(`/uploads/${fitted.id}/preview?rows=1`).catch(() => null) : null;
  const values = (name) => seen?.distributions.find((d) => d.name === name)?.values?.filter((v) => v !== null);
  const tabs = [...one.questions.map((q) => [q.name, tabOf(q.name), () => question(q)]),
    one.judged ? ["judge", t("Judge"), judge] : null, ["answers", t("Side by side"), compare], ["about", t("About"), about]].filter(Boolean);
  const panel = h("div", { role: "tabpanel", id: "panel", tabindex: "-1" });
  const buttons = tabs.map(([name, label]) => h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "panel", onclick: () => (location.hash = `#/run/${id}/${name}`) }, label));
  const list = h("div.tabs", { role: "tablist", "aria-label": one.name, onkeydown: (e) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!step) return;
    const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
    next.focus();
    next.click();
  } }, buttons);
  const about_ = [one.source, rowsOf(one.rows, one.unit), one.record?.training?.held_out_loss ? `${t("Held-out loss")} ${number(one.record.training.held_out_loss, 4)}` : ""];
  show(main, h("div.head", {}, h("div", {}, h("h1", {}, one.name), h("p", {}, about_.filter(Boolean).join(" · ")))), list, panel);
  const chosen = Math.max(0, tabs.findIndex(([name]) => name === tab));
  buttons.forEach((b, i) => (b.setAttribute("aria-selected", String(i === chosen)), (b.tabIndex = i === chosen ? 0 : -1)));
  panel.setAttribute("aria-labelledby", buttons[chosen].id);
  await tabs[chosen][2]();
  return () => (alive = false);

  async function ask(name, body, place, button) {
    button.disabled = true;
    const bar = h("i", { "width%": 0 }), box = h("div.bar.busy", { role: "progressbar", "aria-label": t("Asking") }, bar), words = h("p.small.soft", { role: "status" }, `${t("Asking")} …`);
    show(place, h("div.card", {}, words, box));
    try {
      const begun = await begin(`/runs/${id}/${name}`, body);
      const answer = await answered(begun, (p) => {
        if (!p) return;
        box.classList.remove("busy");
        bar.style.width = `${(100 * p.done) / Math.max(1, p.total)}%`;
        words.textContent = `${number(p.done)} / ${number(p.total)} ${p.unit}`;
      }, () => alive);
      if (alive) await draw(place, answer, one, again);
    } catch (error) {
      show(place, h("div.note.bad", { role: "alert", lang: "en" }, error.message));
    }
    button.disabled = false;
    if (alive) earlier();
  }
  async function question(q) {
    const fields = q.options.filter((o) => o.name !== "device").map((o) => field(o, { columns: one.columns, values, fitted, unit: one.unit }));
    const first = ["of", "rows", "images", "horizon", "given", "data", "interval", "below", "draws"];
    const shown = fields.filter((f) => first.includes(f.name)), rest = fields.filter((f) => !first.includes(f.name));
    const spoken = fields.find((f) => f.name === "language");
    if (spoken && lang() === "zh") spoken.input.value = "zh";
    const mask = fields.find((f) => f.name === "mask");
    const paint = h("div");
    const painter = mask && painting(paint);
    const data = q.data ? dataField(t("Data"), q.optional ? says(q.data.help)[1] : says(q.data.help)[1].split(";")[0], q.optional ? null : fitted, (_, file) => painter && painter.show(file)) : null;
    const format = h("select", {}, formats(q.format, one.source).map((f) => h("option", { value: f }, f)));
    format.value = q.format;
    const go = h("button.button.main.wide", { type: "submit" }, t("Ask"));
    const place = h("div.stack", { "aria-live": "polite" }, empty());
    const past = h("div.past");
    const submit = async (e) => {
      e.preventDefault();
      await Promise.all([data, ...fields].map((f) => f?.arrived?.()));
      if (data && !q.optional && !data.value()) return toast(t("Drop a file, or choose one"));
      const options = said(fields);
      const painted = painter && (await painter.upload());
      if (painted) options[mask.name] = painted;
      ask(q.name, { options, data: data ? data.value() : null, format: format.value }, place, go);
    };
    earlier = async () => {
      const all = (await get(`/answers?run=${id}`)).filter((a) => a.question === q.name && a.status === "complete").slice(0, 8);
      show(past, all.length ? [h("h2", {}, t("Earlier answers")), all.map((a) => h("button.button.quiet.slim.wide", { type: "button", onclick: () => draw(place, a, one, again) }, label(a)))] : []);
    };
    show(panel, h("div.ask", {}, h("div.stack", {}, h("form.card", { onsubmit: submit },
      h("p.small.soft", ...says(q.summary)), h("div.field", {}, data ? data.node : null, paint, shown.map((f) => f.node)),
      h("details", {}, h("summary", {}, t("More options")), h("label.field", {}, h("span", {}, t("Format")), format), rest.map((f) => f.node)),
      h("div.field", {}, go)), past), place));
    earlier();
  }

  function formats(usual, source) {
    if (usual === "html") return [usual];
    if (PICTURES.includes(usual)) return [...PICTURES, "npz"];
    const own = source.split(".").pop().toLowerCase();  // as what it was, such as a capture
    return [...new Set([usual, ...TABLES, ...(source.includes(".") && /^(?!gz|zst|bz2|xz)[a-z0-9]{1,8}$/.test(own) ? [own] : [])])];
  }

  function empty() {
    return h("div.empty", {}, icon("dots", 44), h("p", {}, t("Set what you want on the left and ask.")));
  }

  function label(a) {
    const asked = one.questions.find((q) => q.name === a.question)?.options || [];
    const flag = (k) => (asked.find((o) => o.name === k)?.flag || `--${k}`).slice(2).replaceAll("-", " ");
    const words = (k, v) => (k === "rows" ? rowsOf(v, one.unit) : `${t(flag(k))} ${v}`);
    const options = Object.entries(a.options).filter(([k, v]) => !(k === "seed" && v === 0)).map(([k, v]) => (Array.isArray(v) ? v.join(", ") : words(k, v))).join(" · ");
    return `${tabOf(a.question)}${options ? ` · ${options}` : ""}`;
  }

  async function judge() {
    const made = (await get(`/answers?run=${id}`)).filter((a) => a.question === "generate" && a.status === "complete");
    const real = dataField(t("Real table"), "", fitted);
    const which = h("select", {}, made.map((a) => h("option", { value: a.id }, label(a))));
    const go = h("button.button.main.wide", { type: "submit", disabled: !made.length }, t("Make the report"));
    const place = h("div.stack", {}, h("div.empty", {}, icon("dots", 44), h("p", {}, made.length ? t("A minute or two: figures, their floors, attacks and findings.") : t("Generate rows first; the report compares them with the real table."))));
    const past = h("div.past");
    earlier = async () => {
      const all = (await get(`/answers?run=${id}`)).filter((a) => a.question === "evaluate" && a.status === "complete");
      show(past, all.length ? [h("h2", {}, t("Earlier answers")), all.map((a) => h("button.button.quiet.slim.wide", { type: "button", onclick: () => draw(place, a, one, again) }, t("Report")))] : []);
    };
    show(panel, h("div.ask", {}, h("div.stack", {}, h("form.card", { onsubmit: async (e) => {
      e.preventDefault();
      await real.arrived();
      if (!real.value()) return toast(t("Drop a file, or choose one"));
      ask("evaluate", { options: { synthetic: which.value, language: lang() === "zh" ? "zh" : null }, data: real.value() }, place, go);
    } }, h("h2", {}, t("Judge a synthetic table")), h("div.field", {}, real.node), h("label.field", {}, h("span", {}, t("Synthetic table")), which), h("div.field", {}, go)), past), place));
    earlier();
  }

  async function compare() {
    const made = (await get(`/answers?run=${id}`)).filter((a) => TABLES.includes(a.file.split(".").pop()) && a.status === "complete");
    if (made.length < 2) return show(panel, h("div.empty", {}, icon("dots", 44), h("p", {}, t("Ask at least two questions first."))));
    const place = h("div.stack");
    const pick = (at) => h("select", { "aria-label": `${t("Answer")} ${at + 1}`, onchange: look }, made.map((a, i) => h("option", { value: a.id, selected: i === at }, label(a))));
    const [a, b] = [pick(1), pick(0)];
    async function look() {
      const columns = await get(`/answers/${b.value}/distributions?beside=${a.value}`);
      const [left, right] = await Promise.all([a, b].map((x) => get(`/answers/${x.value}/preview?rows=30`)));
      const side = (title, p) => h("div.card", {}, h("h2", {}, title), h("div.scroll", { tabindex: "0", role: "region", "aria-label": title }, h("table", {}, h("thead", {}, h("tr", {}, p.columns.map((c) => h("th", { scope: "col" }, c)))), h("tbody", {}, p.rows.map((r) => h("tr", {}, r.map((v) => h("td", {}, v ?? "–"))))))));
      show(place, columns.length ? h("div.card", {}, h("h2", {}, t("How its columns are distributed")), charts(columns, [`${t("Answer")} 2`, `${t("Answer")} 1`])) : null,
        h("div.pair", {}, side(`${t("Answer")} 1`, left), side(`${t("Answer")} 2`, right)));
    }
    show(panel, h("div.stack", {}, h("div.card", {}, h("h2", {}, t("Two answers to compare")), h("div.pair", {}, h("label.field", {}, h("span", {}, `${t("Answer")} 1`), a), h("label.field", {}, h("span", {}, `${t("Answer")} 2`), b))), place));
    await look();
  }

  function about() {
    const training = one.record.training, points = (training.curve || []).map((p) => [p[0], p[2], p[3]]);
    const fact = (name, value) => (value ? h("tr", {}, h("th", { scope: "row" }, name), h("td.wrap", { lang: "en" }, value)) : null);
    show(panel, h("div.stack", {},
      h("div.card", {}, h("h2", {}, t("How it was fitted")), h("div.legend", {}, h("span", {}, h("i"), t("held out")), h("span", {}, h("i.real"), t("training"))), points.length > 1 ? curve(points, t("Records seen"), t("Held-out loss")) : null,
        h("table", {}, h("tbody", {}, fact(t("Source"), one.record.data.source), fact(t("Why it stopped"), training.reason), fact(t("Records seen"), number(training.examples)), fact(t("Time"), clock(training.seconds)), fact(t("Seed"), String(one.record.seed)),
          fact(t("Made with"), Object.entries(one.record.versions || {}).map(([k, v]) => `${k} ${v}`).join(", "))))),
      one.columns.length ? h("div.card", {}, h("h2", {}, t("Columns")), h("div.scroll.tall", { tabindex: "0", role: "region", "aria-label": t("Columns") }, h("table", {}, h("thead", {}, h("tr", {}, ["Column", "Type", "Taken for", "Why"].map((x) => h("th", { scope: "col" }, t(x))))), h("tbody", {}, one.columns.map((c) => h("tr", {}, h("td", {}, c.name), h("td.mono.soft", {}, c.type), h("td", {}, c.kind), h("td.wrap.soft", { lang: "en" }, c.note))))))) : null,
      one.command ? h("div.card", {}, h("h2", {}, t("The same bytes elsewhere")), code(t("Command"), one.command), code(t("Python"), one.python)) : null));
  }
}
