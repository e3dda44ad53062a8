// The frame: header, list of models, and which view is shown.
import { h, icon, show, toast } from "./dom.js";
import { get } from "./api.js";
import { home } from "./home.js";
import { plan } from "./plan.js";
import { run } from "./run.js";
import { rowsOf } from "./forms.js";
import { choose, lang, says, t } from "./words.js";

const [top, side, main] = ["top", "side", "main"].map((id) => document.getElementById(id));
const THEMES = ["automatic", "light", "dark"];
let theme = localStorage.getItem("theme") || "automatic";
let leave = null, turn = 0, folder = "";

function applyTheme() {
  if (theme === "automatic") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

function header() {
  document.documentElement.lang = lang() === "zh" ? "zh-CN" : "en";
  document.querySelector(".skip").textContent = t("Skip to content");
  side.setAttribute("aria-label", t("Models"));
  const next = THEMES[(THEMES.indexOf(theme) + 1) % 3];
  show(top,
    h("button.button.quiet.slim.menu", { type: "button", "aria-label": t("Menu"), "aria-expanded": "false", onclick: (e) => {
      const open = side.classList.toggle("open");
      e.currentTarget.setAttribute("aria-expanded", String(open));
    } }, icon("menu", 20)),
    h("a.brand", { href: "#/" }, h("img", { src: "/static/icon.svg", alt: "", width: 26, height: 26 }), "interfuse", h("span", {}, "studio")),
    h("span.folder", { title: folder }, folder), h("span.gap"),
    h("button.button.quiet.slim", { type: "button", lang: lang() === "zh" ? "en" : "zh", onclick: () => (choose(lang() === "zh" ? "en" : "zh"), header(), models(), route()) }, lang() === "zh" ? "English" : "中文"),
    h("button.button.quiet.slim", { type: "button", "aria-label": t(`Theme: ${theme}`), title: t(`Theme: ${theme}`), onclick: () => ((theme = next), localStorage.setItem("theme", theme), applyTheme(), header()) }, icon("theme", 18)));
}

async function models() {
  let all;
  try {
    all = await get("/runs");
  } catch (error) {
    return toast(error.message);
  }
  const here = location.hash.split("/")[2];
  show(side, h("a.button.main.wide", { href: "#/" }, icon("plus", 16), t("New fit")), h("h2", {}, t("Models")),
    all.length ? h("ul", {}, all.map((r) => h("li", {}, h("a", { href: `#/run/${r.id}`, "aria-current": r.id === here ? "page" : null },
      h(`span.dot.${r.status}`, { "aria-hidden": "true" }), h("b", {}, r.name), h("i", {}, r.status === "complete" ? [lang() === "zh" ? says(r.kind_words)[1] : r.kind, rowsOf(r.rows, r.unit)].filter(Boolean).join(" · ") : t(r.status))))))
      : h("p.small.soft", { style: null }, t("No models yet")));
  if (all.some((r) => r.status === "running")) setTimeout(models, 4000);
}

async function route(event) {
  const mine = ++turn;
  if (leave) leave();
  leave = null;
  side.classList.remove("open");
  const [, view, id, tab] = location.hash.split("/");
  try {
    const left = view === "new" ? await plan(main, id) : view === "run" ? await run(main, id, tab, () => (models(), route())) : home(main);
    if (mine === turn) leave = left || null;
    else if (left) left();
  } catch (error) {
    show(main, h("div.note.bad", { role: "alert", lang: "en" }, error.message));
  }
  if (event && event.type === "hashchange" && mine === turn) {
    models();
    document.title = `${main.querySelector("h1")?.textContent || "interfuse"} · interfuse studio`;
    if (!tab) main.focus({ preventScroll: true });
  }
}

applyTheme();
header();
models();
route();
get("").then((about) => ((folder = about.folder), header())).catch(() => {});
window.addEventListener("hashchange", route);
