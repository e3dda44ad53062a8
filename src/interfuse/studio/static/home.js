// The first view: drop a file, or take the demo.
import { h, show, toast } from "./dom.js";
import { send } from "./api.js";
import { dropzone } from "./forms.js";
import { t } from "./words.js";

export function home(main) {
  const demo = async (e) => {
    e.target.disabled = true;
    try {
      location.hash = `#/new/${(await send("POST", "/uploads/demo")).id}`;
    } catch (error) {
      toast(error.message);
      e.target.disabled = false;
    }
  };
  const step = (title, text) => h("div", {}, h("h2", {}, title), h("p", {}, text));
  show(main, h("section.hero", {},
    h("h1", {}, t("Fit a model to your data, then ask it anything")),
    h("p", {}, t("One diffusion model answers every question: new records, missing cells, forecasts, odd rows. Nothing leaves this machine.")),
    dropzone((upload) => (location.hash = `#/new/${upload.id}`), {
      many: true, title: t("Drop a file here, or choose one"),
      under: t("CSV, Parquet, Arrow, JSON lines, pcap, Zeek, eve.json, access logs, syslog; several images"),
    }),
    h("div.row", {}, h("button.button", { type: "button", onclick: demo }, t("Take the demo: 12,330 sessions of a web shop"))),
    h("div.steps", {},
      step(t("See what it is"), t("Each column, what it was taken for and why. Say otherwise where you know better.")),
      step(t("Watch it learn"), t("The loss on rows it never sees. It stops by itself when there is nothing left to learn.")),
      step(t("Ask, and take it away"), t("Every answer shows the command and the Python that give the same bytes."))),
  ));
}
