// A fit while it runs: phases, the curve, numbers, stop and resume.
import { h, show, toast } from "./dom.js";
import { send } from "./api.js";
import { curve, distribution } from "./charts.js";
import { code } from "./forms.js";
import { clock, number, t } from "./words.js";

const PHASES = ["starting", "reading", "preparing", "training", "calibrating"];
const NAMES = { starting: "Starting", reading: "Reading", preparing: "Preparing", training: "Training", calibrating: "Calibrating" };

export function watch(main, run, finished) {
  const points = [], said = [];
  let phase = run.phase, last = run.training, title = null, drawn = null;
  const marginals = h("div.card", { hidden: true }, h("h2", {}, t("Drawn columns approach the real ones")));
  const chart = h("div"), stats = h("dl.stats"), phases = h("ol.phases"), notes = h("div"), log = h("div");
  const heard = h("div.card", { hidden: true }, h("h2", {}, t("What it said")), log);
  const running = run.status === "running";

  function draw() {
    const at = PHASES.indexOf(phase);
    show(phases, PHASES.map((p, i) => h(`li${i < at ? ".done" : i === at && running ? ".now" : ""}`, i === at ? { "aria-current": "step" } : {}, t(NAMES[p]))));
    const held = points.filter((p) => p[2] !== null);
    title = `${t("Held-out loss")}: ${held.length ? number(held[held.length - 1][2], 4) : "–"}`;
    show(chart, points.length > 1 ? curve(points, t("Records seen"), title)
      : h("div.empty", {}, t("The curve begins at the first evaluation.")));
    marginals.hidden = !drawn;
    if (drawn) {
      show(marginals, h("h2", {}, t("Drawn columns approach the real ones")),
        h("div.legend", {}, h("span", {}, h("i"), t("drawn")), h("span", {}, h("i.real"), t("real"))),
        h("div.charts", {}, drawn.columns.map((c) => {
          const off = c.shares.reduce((sum, v, i) => sum + Math.abs(v - c.other[i]), 0) / 2;
          return h("figure", {}, h("figcaption", { title: c.name }, c.name), h("p.small.soft", {}, `${number(100 * off, 1)} %`),
            distribution(c, `${c.name}: ${t("drawn")}, ${t("real")}; ${number(100 * off, 1)} %`));
        })),
        h("p.small.soft", {}, t("A few rows, drawn at an evaluation from what is learned so far; beside the name, the share that lies elsewhere. What is calibrated at the end is closer.")));
    }
    const stat = (name, value, unit) => h("div", {}, h("dt", {}, name), h("dd", {}, value, unit ? h("small", {}, ` ${unit}`) : null));
    if (last) {
      show(stats, stat(t("Held-out loss"), held.length ? number(held[held.length - 1][2], 4) : "–"),
        stat(t("Records seen"), number(last.examples)), stat(t("Speed"), number(last.rows_per_second), `/ s`),
        stat(t("Time"), clock(last.seconds)), running ? stat(t("Left at most"), clock(last.remaining_seconds)) : null);
    }
  }

  function take(event) {
    if (event.event === "training") {
      last = event;
      phase = "training";
      if (event.loss !== null || event.held_out_loss !== null) points.push([event.examples, event.loss, event.held_out_loss]);
      if (event.text) said.push(event.text);
    } else if (event.event === "notice") {
      phase = { reading: "reading", estimate: "preparing", resumed: "preparing", calibrate: "calibrating" }[event.stage] || phase;
      if (event.stage !== "reading") said.push(event.text);
    } else if (event.event === "marginals") drawn = event;
    else if (event.event === "schema") phase = "reading";
    else if (event.event === "warning") notes.append(h("div.note", { lang: "en" }, event.text));
    else if (event.event === "error" && run.status === "failed") notes.append(h("div.note.bad", { role: "alert", lang: "en" }, event.text));
    heard.hidden = !said.length;
    show(log, said.slice(-8).map((text) => h("p.small.soft", { lang: "en" }, text)));
  }

  const stop = h("button.button", { type: "button", onclick: async () => {
    stop.disabled = true;
    try { await send("DELETE", `/fits/${run.id}`); toast(t("Stopping after this step")); } catch (error) { toast(error.message); }
  } }, t("Stop and save"));
  const resume = h("button.button.main", { type: "button", onclick: async () => {
    try { await send("POST", `/fits/${run.id}/resume`); finished(); } catch (error) { toast(error.message); }
  } }, t("Go on"));
  const words = { stopped: run.resumable ? t("Stopped; all of it is saved.") : t("This fit was started elsewhere; go on with it there."), failed: t("The fit failed") };

  show(main, h("div.head", {}, h("div", {}, h("h1", {}, run.name),
    h("p", { role: "status" }, running ? t("The fit runs in a process of its own: closing this page does not stop it.") : words[run.status] || "")),
    running && run.started_here ? stop : null, run.resumable ? resume : null),
  h("div.stack", {}, notes, h("div.card", {}, phases, h("div.field", {}, stats)),
    h("div.card", {}, h("div.row", {}, h("h2", {}, t("Held-out loss"))), h("div.legend", {}, h("span", {}, h("i"), t("held out")), h("span", {}, h("i.real"), t("training"))), chart),
    marginals,
    heard,
    run.command ? h("div.card", {}, h("h2", {}, t("The same bytes elsewhere")), code(t("Command"), run.command), code(t("Python"), run.python)) : null));
  draw();

  const source = new EventSource(`/v1/fits/${run.id}/events`);
  let waiting = null;
  source.addEventListener("said", (e) => {
    take(JSON.parse(e.data));
    waiting ??= requestAnimationFrame(() => ((waiting = null), draw()));
  });
  source.addEventListener("again", () => (points.length = said.length = 0));
  source.addEventListener("over", () => {
    source.close();
    if (running) finished();
  });
  return () => source.close();
}
