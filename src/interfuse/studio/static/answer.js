// An answer: rows, pictures of them, downloads, and how to get the same bytes elsewhere.
import { h, icon, show, toast } from "./dom.js";
import { ask, get, send } from "./api.js";
import { distribution, fan, marked } from "./charts.js";
import { code } from "./forms.js";
import { bytes, clock, number, t } from "./words.js";

const FORMATS = { csv: "CSV", json: "JSON", parquet: "Parquet", arrows: "Arrow" };
export const PICTURES = ["png", "webp", "gif"];
export const TABLES = ["csv", "jsonl", "parquet", "arrow"];
const SERIES = 5000;
const ending = (file) => file.split(".").pop();

const FIRST = ["score", "p_value", "cell", "found", "expected"];

function oddFirst(preview) {
  const order = [...FIRST.map((n) => preview.columns.indexOf(n)).filter((i) => i >= 0), ...preview.columns.keys()];
  const kept = [...new Set(order)];
  return { ...preview, columns: kept.map((i) => preview.columns[i]), rows: preview.rows.map((r) => kept.map((i) => r[i])) };
}

function table(preview, odd, filled = () => false) {
  const at = (name) => preview.columns.indexOf(name);
  const [cell, p] = odd ? [at("cell"), at("p_value")] : [-1, -1];
  const numeric = preview.columns.map((_, i) => preview.rows.every((r) => r[i] === null || (r[i] !== "" && !Number.isNaN(Number(r[i])))));
  const head = [odd ? h("th.num", { scope: "col" }, t("Row")) : null, preview.columns.map((c, i) => h(`th${numeric[i] ? ".num" : ""}`, { scope: "col" }, c))];
  const body = preview.rows.map((row, r) => h("tr", {}, odd ? h("td.num.soft", {}, number(preview.numbers[r])) : null, row.map((value, i) => {
    if (value === null) return h("td.missing", { "aria-label": t("missing") }, "–");
    const hot = (cell >= 0 && preview.columns[i] === row[cell]) || filled(r, preview.columns[i]);
    const bar = i === p ? h("span.odd", { "width.px": Math.min(60, -Math.log10(Math.max(1e-6, Number(value))) * 12) }) : null;
    const shown = numeric[i] && value.length > 9 ? String(Number(Number(value).toPrecision(6))) : value;
    return h(`td${numeric[i] ? ".num" : ""}${hot ? ".hot" : ""}`, { title: value }, bar, shown);
  })));
  return h(`div.scroll${odd ? "" : ".low"}`, { tabindex: "0", role: "region", "aria-label": odd ? t("The oddest first") : t("First rows") },
    h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)));
}

export function charts(columns, names) {
  const cards = columns.slice(0, 60).map((c) => h("figure", {}, h("figcaption", { title: c.name }, c.name), distribution(c, c.name)));
  return h("div.stack", {}, h("div.legend", {}, columns.some((c) => c.other) ? h("span", {}, h("i.real"), names[1]) : null, h("span", {}, h("i"), names[0])),
    h("div.charts", {}, cards), columns.every((c) => c.low === undefined) ? null : h("p.small.soft", {}, t("Heights of numbers are square roots of shares, so that small ones are seen.")));
}

// Which cells of the first rows were missing in the data that was filled.
async function holes(answer) {
  const given = answer.question === "impute" && answer.data && (await get(`/uploads/${answer.data}/preview?rows=100`).catch(() => null));
  if (!given || !given.columns.length || answer.options.value === "draws") return () => false;
  return (row, name) => {
    const i = given.columns.indexOf(name);
    return i >= 0 && row < given.rows.length && (given.rows[row][i] === null || given.rows[row][i] === "");
  };
}

const isTime = (text) => text !== null && Number.isNaN(Number(text)) && /\d[-/:.]\d/.test(text);

// Columns NAME, NAME_low and NAME_high are draws with an interval: a fan.
function fans(preview, past) {
  const of = (name) => preview.columns.indexOf(name);
  const value = (row, i) => (row[i] === null || row[i] === "" ? NaN : Number(row[i]));
  return preview.columns.filter((c) => of(`${c}_low`) >= 0 && of(`${c}_high`) >= 0).slice(0, 6).map((name) => {
    const [m, l, u] = [of(name), of(`${name}_low`), of(`${name}_high`)];
    const keyed = preview.columns.findIndex((c, i) => i !== m && i !== l && i !== u && preview.rows.every((r) => Number.isNaN(Number(r[i]))) && new Set(preview.rows.map((r) => r[i])).size < preview.rows.length / 2);
    const rows = preview.rows.filter((r) => keyed < 0 || r[keyed] === preview.rows[0][keyed]);
    const when = preview.columns.findIndex((_, i) => preview.rows.length && preview.rows.every((r) => isTime(r[i])));
    const drawn = rows.map((r) => ({ at: r[when], middle: value(r, m), low: value(r, l), high: value(r, u) })).filter((r) => Number.isFinite(r.low) && Number.isFinite(r.high));
    const before = past && keyed < 0 ? past.columns.indexOf(name) : -1;
    const whenBefore = past && when >= 0 ? past.columns.indexOf(preview.columns[when]) : -1;
    const known = before < 0 ? [] : past.rows.slice(-2 * drawn.length).map((r) => ({ at: r[whenBefore], value: value(r, before) })).filter((k) => Number.isFinite(k.value));
    return drawn.length > 2 ? h("div.card", {}, h("h2", {}, name), h("div.legend", {}, known.length ? h("span", {}, h("i.past"), t("known")) : null, h("span", {}, h("i"), `${t("median")} ${t("and the middle of what may come")}`)), fan(drawn, known, name)) : null;
  });
}

const ODD = 0.01;

// Points in time with a p-value each: the first series' channels, odd points marked.
function odds(preview) {
  const of = (name) => preview.columns.indexOf(name);
  const when = preview.columns.findIndex((_, i) => preview.rows.length > 2 && preview.rows.every((r) => isTime(r[i])));
  if (when < 0 || of("channel") < 0) return [];
  const names = [...new Set(preview.rows.map((r) => r[of("channel")]))].filter((n) => of(n) >= 0);
  const from = preview.rows.slice(1).findIndex((r, i) => r[when] < preview.rows[i][when]);  // the next series begins
  const rows = from < 0 ? preview.rows : preview.rows.slice(0, from + 1);
  return names.slice(0, 6).map((name) => {
    const points = rows.map((r) => ({ at: r[when], value: r[of(name)] === null ? NaN : Number(r[of(name)]), odd: r[of("channel")] === name && Number(r[of("p_value")]) <= ODD })).filter((p) => Number.isFinite(p.value));
    return points.length > 2 ? h("div.card", {}, h("h2", {}, name), h("div.legend", {}, h("span", {}, h("i.past"), t("found")), h("span", {}, h("i.dot"), `p ≤ ${ODD}`)), marked(points, name)) : null;
  }).filter(Boolean);
}

async function download(answer, format) {
  const own = ending(answer.file);
  const as = { json: "jsonl", arrows: "arrow" }[format] || format;
  if (as === own) return save(`/v1/answers/${answer.id}/file?format=${format}`);
  try {
    const other = await ask(`/runs/${answer.run}/${answer.question}`, { options: answer.options, data: answer.data, format });
    for (let i = 0; ; i++) {
      const now = await get(`/answers/${other}`);
      if (now.status === "failed") throw new Error(now.error);
      if (now.status === "complete") return save(`/v1/answers/${other}/file?format=${format}`);
      await new Promise((go) => setTimeout(go, Math.min(1500, 200 + i * 100)));
    }
  } catch (error) {
    toast(error.message);
  }
}

function save(address) {
  const link = h("a", { href: address, download: "" });
  document.body.append(link);
  link.click();
  link.remove();
}

export async function draw(place, answer, run, gone) {
  if (answer.status === "failed") {
    return show(place, h("div.note.bad", { role: "alert", lang: "en" }, answer.error), answer.warnings.map((w) => h("div.note", { lang: "en" }, w)), elsewhere(answer));
  }
  const own = ending(answer.file);
  const parts = [];
  const summary = [answer.bytes ? bytes(answer.bytes) : null, answer.seconds ? clock(answer.seconds) : null].filter(Boolean).join(" · ");
  const tabular = TABLES.includes(own) || own === "tsv";
  const buttons = tabular ? Object.entries(FORMATS) : [[own, own.toUpperCase()]];
  parts.push(h("div.card", {}, h("div.row", {}, h("div.grow", {}, h("h2", {}, answer.file), h("p.small.soft", {}, summary)),
    buttons.map(([format, name]) => h("button.button.slim", { type: "button", "aria-label": `${t("Download")} ${name}`, onclick: () => download(answer, format) }, icon("down", 15), name)),
    gone ? h("button.button.slim.quiet", { type: "button", "aria-label": t("Remove this answer"), onclick: async () => (await send("DELETE", `/answers/${answer.id}`), gone()) }, t("Remove")) : null)));
  parts.push(answer.warnings.map((w) => h("div.note", { lang: "en" }, w)));
  if (PICTURES.includes(own)) {
    parts.push(h("div.card", {}, h("img.picture", { src: `/v1/answers/${answer.id}/file`, alt: answer.file })));
  } else if (own === "html") {
    const address = `/v1/answers/${answer.id}/file`;
    parts.push(h("div.row.end", {}, h("a.button.slim", { href: address, target: "_blank", rel: "noopener" }, t("Open in a tab"))),
      h("iframe.report", { src: address, title: t("Report"), sandbox: "allow-popups" }));
  } else if (tabular) {
    const head = await get(`/answers/${answer.id}/preview?rows=100`);
    const odd = head.columns.includes("score") && head.columns.includes("p_value");
    const preview = odd ? oddFirst(await get(`/answers/${answer.id}/preview?rows=100&by=score`)) : head;
    const wide = await get(`/answers/${answer.id}/preview?rows=500`);
    const follows = answer.question === "forecast" && answer.data;
    const past = follows ? await get(`/uploads/${answer.data}/preview?rows=500&end=true`).catch(() => null) : null;
    const drawn = fans(wide, past).filter(Boolean);
    parts.push(drawn, odd && head.columns.includes("channel") ? odds(await get(`/answers/${answer.id}/preview?rows=${SERIES}`)) : null);
    const total = preview.total === null ? "" : ` · ${number(preview.total)} ${t("rows in all")}`;
    parts.push(h("div.card", {}, h("h2", {}, (odd ? t("The oddest first") : t("First rows")) + total), table(preview, odd, await holes(answer))));
    if (!odd && !(follows && drawn.length)) {
      const beside = run.upload && answer.question === "generate" ? `?beside=${run.upload}` : answer.data ? `?beside=${answer.data}` : "";
      const columns = await get(`/answers/${answer.id}/distributions${beside}`).catch(() => get(`/answers/${answer.id}/distributions`));
      if (columns.length) parts.push(h("div.card", {}, h("h2", {}, t("How its columns are distributed")), charts(columns, [t("this answer"), t(answer.options.given?.length ? "real, all rows" : "real")])));
    }
  }
  parts.push(elsewhere(answer));
  return show(place, parts);
}

function elsewhere(answer) {
  return h("div.card", {}, h("h2", {}, t("The same bytes elsewhere")), code(t("Command"), answer.command), code(t("Python"), answer.python));
}
