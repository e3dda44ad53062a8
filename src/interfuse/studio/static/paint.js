// Holes in a picture, painted with the mouse, a finger or the arrow keys.
import { h, show } from "./dom.js";
import { upload } from "./api.js";
import { t } from "./words.js";

export function painting(place) {
  let mask = null, painted = false;

  async function draw(file) {
    mask = null;
    painted = false;
    show(place);
    if (!file || !file.type.startsWith("image/")) return;
    const picture = await createImageBitmap(file);
    const size = { width: picture.width, height: picture.height };
    const seen = h("canvas.paint", { ...size, tabindex: "0", role: "img", "aria-label": t("Paint the holes: drag, or arrow keys and space") });
    mask = h("canvas", size);
    const [ink, hole] = [seen.getContext("2d"), mask.getContext("2d")];
    hole.fillStyle = "black";
    hole.fillRect(0, 0, size.width, size.height);
    hole.fillStyle = "white";
    const clear = () => ink.drawImage(picture, 0, 0);
    clear();
    const wide = Math.max(1, Math.round(size.width / 14));
    const at = [Math.floor(size.width / 2), Math.floor(size.height / 2)];
    const dab = (x, y) => {
      painted = true;
      for (const one of [ink, hole]) {
        if (one === ink) one.fillStyle = "#d1581f";
        one.fillRect(x - Math.floor(wide / 2), y - Math.floor(wide / 2), wide, wide);
      }
    };
    seen.onpointerdown = (e) => seen.setPointerCapture(e.pointerId);
    seen.onpointermove = seen.onclick = (e) => {
      if (e.type === "pointermove" && !e.buttons) return;
      const box = seen.getBoundingClientRect();
      dab(Math.floor(((e.clientX - box.left) / box.width) * size.width), Math.floor(((e.clientY - box.top) / box.height) * size.height));
    };
    seen.onkeydown = (e) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], " ": [0, 0] }[e.key];
      if (!step) return;
      e.preventDefault();
      at[0] = Math.max(0, Math.min(size.width - 1, at[0] + step[0] * wide));
      at[1] = Math.max(0, Math.min(size.height - 1, at[1] + step[1] * wide));
      if (e.key === " " || e.shiftKey) dab(at[0], at[1]);
    };
    show(place, h("div.field", {}, h("span", {}, t("Paint the holes")), seen));
  }

  return {
    show: draw,
    async upload() {
      if (!mask || !painted) return null;
      const blob = await new Promise((done) => mask.toBlob(done, "image/png"));
      return (await upload(new File([blob], "mask.png"), null)).id;
    },
  };
}
