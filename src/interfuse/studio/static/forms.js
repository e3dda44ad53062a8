// Forms made of what the service says of options: nothing here knows a kind of data.
import { h, icon, show, toast } from "./dom.js";
import { uploadAll } from "./api.js";
import { bytes, number, says, t } from "./words.js";

let unique = 0;
const id = () => `f${++unique}`;

export function dropzone(done, { slim = false, many = false, title, under, sending = () => {} } = {}) {
  const status = h("span.soft", {}, under || "");
  const input = h("input", { type: "file", multiple: many, onchange: () => sending(take([...input.files])) });
  const zone = h(`label.drop${slim ? ".slim" : ""}`, {}, slim ? null : icon("drop", 34), h("b", {}, title || t("Drop a file, or choose one")), status, input);
  const over = (on) => (e) => (e.preventDefault(), zone.classList.toggle("over", on));
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", (e) => (over(false)(e), sending(take([...e.dataTransfer.files]))));
  async function take(files) {
    if (!files.length) return;
    const bar = h("i", { "width%": 0 });
    status.replaceChildren(`${t("Uploading")} ${files[0].name}`, h("span.bar", { role: "presentation" }, bar));
    try {
      done(await uploadAll(files, (share) => (bar.style.width = `${share * 100}%`)), files[0]);
    } catch (error) {
      status.replaceChildren(under || "");
      toast(error.message);
    }
  }
  return zone;
}

// A place for data: what was fitted, or a file that is dropped. `value()` is the id of an upload;
// `arrived()` waits for a file that is on its way.
export function dataField(label, help, fitted, changed = () => {}) {
  let upload = null, sent = null;
  const place = h("div");
  const set = (one, file) => {
    upload = one && one.id;
    changed(upload, file || null);
    if (!one) {
      return show(place, dropzone(set, { slim: true, under: help, sending: (file) => (sent = file) }),
        fitted && h("button.button.slim.wide", { type: "button", onclick: () => set(fitted) }, t("Use the fitted data")));
    }
    return show(place, h("div.chip", {}, h("span", {}, `${one.name || t("Data")}${one.bytes ? ` · ${bytes(one.bytes)}` : ""}`),
      h("button", { type: "button", "aria-label": t("other data"), onclick: () => set(null) }, "×")));
  };
  set(null);
  return { node: h("div.field", { role: "group", "aria-label": label }, h("span", {}, label), place), value: () => upload, arrived: () => sent, name: "data" };
}

const OPERATORS = [
  ["=", "is"], ["!=", "is not"], ["in", "one of"], ["range", "between"], [">", "above"], ["<", "below"], ["missing", "is missing"],
];

function written(column, operator, value) {
  const name = column;
  switch (operator) {
    case "in": return `${name} in [${value}]`;
    case "range": {
      const [low, high] = value.split(/\s*(?:,|\.\.|–| to )\s*/);
      return high === undefined ? null : `${low} <= ${name} <= ${high}`;
    }
    case ">": case "<": return `${name} ${operator} ${value}`;
    case "missing": return `${name}=`;
    default: return `${name}${operator}${value}`;
  }
}

// Conditions as chips, built from the columns where they are known.
export function conditions(option, columns, values) {
  const chips = [];
  const list = h("ul.chips", { "aria-label": t("Only where") });
  const draw = () => show(list, chips.map((text, i) => h("li.chip", { lang: "en" }, h("span", {}, text),
    h("button", { type: "button", "aria-label": `${t("Remove")} ${text}`, onclick: () => (chips.splice(i, 1), draw()) }, "×"))));
  const known = id();
  const options = h("datalist", { id: known });
  const column = columns.length
    ? h("select", { "aria-label": t("Column"), onchange: () => offer() }, columns.map((c) => h("option", { value: c.name }, c.name)))
    : null;
  const operator = h("select", { "aria-label": t("Condition"), onchange: () => hint() }, OPERATORS.map(([code, words]) => h("option", { value: code }, t(words))));
  const value = h("input", { list: known, "aria-label": t("value"), placeholder: t("value"), autocomplete: "off", onkeydown: (e) => e.key === "Enter" && (e.preventDefault(), add()) });
  const offer = () => show(options, (values(column && column.value) || []).map((v) => h("option", { value: v })));
  const hint = () => {
    value.placeholder = t(operator.value === "range" ? "from, to" : operator.value === "in" ? "a, b, c" : "value");
    value.disabled = operator.value === "missing";
  };
  function add() {
    const text = column ? written(column.value, operator.value, value.value.trim()) : value.value.trim();
    if (!text || (!value.value.trim() && operator.value !== "missing")) return value.focus();
    if (!chips.includes(text)) chips.push(text);
    value.value = "";
    draw();
  }
  const button = h("button.button.slim", { type: "button", onclick: add }, icon("plus", 15), t("Add"));
  if (column) offer();
  return {
    name: option.name,
    value: () => (value.value.trim() ? (add(), chips) : chips),
    node: h("fieldset.field", {}, h("legend", {}, t("Only where")), list, options,
      column ? h("div.condition", {}, column, operator, h("div.value", {}, value, button)) : h("div.condition", {}, h("div.value", {}, value, button)),
      column ? null : h("small", ...says(option.help))),
  };
}

export function field(option, { columns = [], values = () => [], fitted = null, unit = "rows" } = {}) {
  const label = { rows: says(unit)[1], seed: t("Seed"), language: t("Language") }[option.name] || t(option.flag.slice(2).replaceAll("-", " "));
  const [named, described] = [id(), id()];
  const [spoken, words] = says(option.help);
  const help = h("small", { ...spoken, id: described }, words);
  if (option.type === "file") return { ...dataField(label, words, null), name: option.name };
  if (option.name === "given" && option.many) return conditions(option, columns, values);
  if (option.type === "bool") {
    const box = h("input", { type: "checkbox", checked: false });
    box.id = named;
    box.setAttribute("aria-describedby", described);
    const node = h("div.field.check", {}, box, h("div", {}, h("label", { for: named }, label), help));
    return { name: option.name, node, value: () => (box.checked ? !option.default : null) };
  }
  const choices = option.column ? columns.map((c) => c.name) : option.choices || [];
  if (choices.length && !option.many) {
    const input = h("select", { id: named, "aria-describedby": described }, h("option", { value: "" }, option.column ? "–" : t("default")), choices.map((c) => h("option", { value: c }, c)));
    return { name: option.name, input, value: () => input.value || null, node: h("div.field", {}, h("label", { for: named }, label), input, help) };
  }
  const numeric = option.type === "int" || option.type === "float";
  const input = h("input", {
    type: numeric ? "number" : "text", step: option.type === "float" ? "any" : "1", min: option.least, required: option.needed,
    value: option.name === "seed" ? "0" : "", placeholder: option.default === null ? "" : String(option.default), autocomplete: "off", id: named, "aria-describedby": described,
  });
  const read = () => {
    const text = input.value.trim();
    if (!text) return null;
    if (option.many) return text.split(/\s*,\s*/);
    return numeric ? Number(text) : text;
  };
  return { name: option.name, input, value: read, node: h("div.field", {}, h("label", { for: named }, label), input, help) };
}

export function said(fields) {
  const out = {};
  for (const one of fields) {
    const value = one.value();
    if (value !== null && value !== "" && !(Array.isArray(value) && !value.length)) out[one.name] = value;
  }
  return out;
}

export function code(label, text) {
  const button = h("button.button.quiet.slim", { type: "button", "aria-label": `${t("Copy")}: ${label}`, onclick: async () => {
    try { await navigator.clipboard.writeText(text); toast(t("Copied")); } catch { toast(text); }
  } }, icon("copy", 16));
  return h("div.code", {}, h("pre", { tabindex: "0", role: "region", "aria-label": label, translate: "no" }, h("code", {}, text)), button);
}

export const rowsOf = (n, unit) => (n === null || n === undefined ? "" : `${number(n)} ${says(unit)[1]}`);
