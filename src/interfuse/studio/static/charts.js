// Pictures as SVG: a few shapes, colours from the style sheet.
import { s } from "./dom.js";
import { number } from "./words.js";

function ticks(low, high, most = 5) {
  const span = high - low || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(span));
  const step = [0.1, 0.2, 0.5, 1, 2, 5].map((k) => k * power).find((k) => span / k <= most) || span;
  const out = [];
  for (let x = Math.ceil(low / step - 1e-9) * step; x <= high + step * 1e-9; x += step) out.push(Number(x.toPrecision(12)));
  return out;
}

const UNITS = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]];
const short = (x) => {
  const [least, unit] = UNITS.find(([least]) => Math.abs(x) >= least) || [1, ""];
  return unit ? `${+(x / (unit === "k" ? 1e3 : least)).toPrecision(3)} ${unit}` : `${+x.toPrecision(4)}`;
};
const moment = (text) => text && text.replace("T", " ").replace(/\.0+(?=\D|$)/, "").replace(/(\d\d:\d\d):00(?=\D|$)/, "$1");

// marks: [place, text, anchor] along the x axis, instead of numbers
function frame(width, height, x, y, labels, marks = null) {
  const [left, right, top, bottom] = [46, 14, 10, 34];
  const px = (v) => left + ((v - x[0]) / (x[1] - x[0] || 1)) * (width - left - right);
  const py = (v) => height - bottom - ((v - y[0]) / (y[1] - y[0] || 1)) * (height - top - bottom);
  const parts = [];
  for (const v of ticks(y[0], y[1])) {
    parts.push(s("line", { class: "grid", x1: left, x2: width - right, y1: py(v), y2: py(v) }));
    parts.push(s("text", { x: left - 7, y: py(v) + 4, "text-anchor": "end" }, short(v)));
  }
  for (const [v, text, anchor] of marks || ticks(x[0], x[1], width / 105).map((v) => [v, short(v), "middle"])) {
    parts.push(s("text", { x: px(v), y: height - bottom + 16, "text-anchor": anchor }, text));
  }
  parts.push(s("line", { class: "axis", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }));
  parts.push(s("text", { x: width - right, y: height - 3, "text-anchor": "end" }, labels));
  return { px, py, parts };
}

const path = (points) => points.map((p, i) => `${i ? "L" : "M"}${p[0].toFixed(1)} ${p[1].toFixed(1)}`).join("");

// As wide as what is seen, so that its letters keep their size on a phone.
const room = () => Math.max(320, Math.min(760, window.innerWidth - 70));

// points: [examples, training loss or null, held-out loss or null]
export function curve(points, unit, title) {
  const [width, height] = [room(), 300];
  const held = points.filter((p) => p[2] !== null);
  const train = points.filter((p) => p[1] !== null);
  const ys = [...held.map((p) => p[2]), ...train.map((p) => p[1])].sort((a, b) => a - b);
  const low = ys[0], high = ys[Math.min(ys.length - 1, Math.floor(ys.length * 0.99))];
  const pad = (high - low) * 0.06 || 0.1;
  const x = [0, Math.max(...points.map((p) => p[0]), 1)];
  const { px, py, parts } = frame(width, height, x, [low - pad, high + pad], unit);
  const inside = (v) => Math.min(v, high + pad);
  parts.push(s("path", { class: "train", d: path(train.map((p) => [px(p[0]), py(inside(p[1]))])) }));
  parts.push(s("path", { class: "held", d: path(held.map((p) => [px(p[0]), py(inside(p[2]))])) }));
  const last = held[held.length - 1];
  if (last) parts.push(s("circle", { class: "tip", cx: px(last[0]), cy: py(inside(last[2])), r: 4 }));
  return s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title }, parts);
}

export function histogram(column, title) {
  const [width, height, base] = [220, 96, 78];
  const other = column.other;
  const top = Math.max(...column.shares, ...(other || [0]), 1e-9);
  const step = width / column.shares.length;
  const y = (v) => base - (base - 4) * Math.sqrt(Math.max(0, v) / top);
  const outline = (shares) => `M0 ${base}${shares.map((v, i) => `L${(i * step).toFixed(1)} ${y(v).toFixed(1)}H${((i + 1) * step).toFixed(1)}`).join("")}V${base}`;
  return s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title },
    other ? s("path", { class: "real", d: `${outline(other)}Z` }) : s("path", { class: "band", d: `${outline(column.shares)}Z` }),
    s("path", { class: "line", d: outline(column.shares) }),
    s("line", { class: "axis", x1: 0, x2: width, y1: base, y2: base }),
    s("text", { x: 0, y: height - 4 }, short(column.low)),
    s("text", { x: width, y: height - 4, "text-anchor": "end" }, short(column.high)));
}

const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

export function bars(column, title) {
  const [left, width, row] = [96, 220, 17];
  const other = column.other;
  const n = Math.min(column.values.length, 6);
  const top = Math.max(...column.shares, ...(other || [0]), 1e-9);
  const parts = [];
  const names = column.values.slice(0, n).map((v) => String(v ?? "–"));
  const alike = new Set(names.map((v) => cut(v, 13))).size < n;  // told apart by their ends, such as agents
  for (let i = 0; i < n; i++) {
    const y = i * row, wide = (v) => Math.max(0.5, ((width - left) * v) / top);
    parts.push(s("text", { x: left - 6, y: y + 11, "text-anchor": "end" }, alike && names[i].length > 13 ? `…${names[i].slice(-12)}` : cut(names[i], 13)));
    if (other) parts.push(s("rect", { class: "real", x: left, y: y + 1, width: wide(other[i]), height: 7 }));
    parts.push(s("rect", { class: "syn", x: left, y: other ? y + 8 : y + 3, width: wide(column.shares[i]), height: other ? 5 : 8 }));
  }
  return s("svg", { class: "chart", viewBox: `0 0 ${width} ${Math.max(96, n * row)}`, role: "img", "aria-label": title }, parts);
}

export const distribution = (column, title) => (column.low === undefined ? bars(column, title) : histogram(column, title));

// rows: {at, middle, low, high}; known: {at, value} before them; at says when, if anything does
export function fan(rows, known, title) {
  const [width, height] = [room(), 280];
  const n = known.length + rows.length;
  const ys = [...rows.flatMap((r) => [r.low, r.high, r.middle]), ...known.map((k) => k.value)].filter(Number.isFinite);
  const low = Math.min(...ys), high = Math.max(...ys), pad = (high - low) * 0.07 || 1;
  const ends = [[1, moment((known[0] || rows[0]).at), "start"], [known.length + 1, known.length && moment(rows[0].at), "middle"], [n, moment(rows.at(-1).at), "end"]];
  const free = 110 / (width - 60);  // a label's share of the axis: nearer ones would lie on each other
  const near = known.length < 1.5 * free * n || known.length > (1 - 1.5 * free) * n;
  const marks = rows[0].at ? ends.filter(([, text], i) => text && !(i === 1 && near)) : null;
  const { px, py, parts } = frame(width, height, [1, Math.max(2, n)], [low - pad, high + pad], "", marks);
  const at = (i) => px(i + 1);
  const first = known.length;
  const up = rows.map((r, i) => [at(first + i), py(r.high)]);
  const down = rows.map((r, i) => [at(first + i), py(r.low)]).reverse();
  parts.push(s("path", { class: "band", d: `${path([...up, ...down])}Z` }));
  parts.push(s("path", { class: "past", d: path(known.map((k, i) => [at(i), py(k.value)])) }));
  parts.push(s("path", { class: "held", d: path(rows.map((r, i) => [at(first + i), py(r.middle)])) }));
  return s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title }, parts);
}

// points: {at, value, odd}, of one series
export function marked(points, title) {
  const [width, height] = [room(), 240];
  const ys = points.map((p) => p.value);
  const low = Math.min(...ys), high = Math.max(...ys), pad = (high - low) * 0.07 || 1;
  const ends = [[1, moment(points[0].at), "start"], [points.length, moment(points.at(-1).at), "end"]];
  const { px, py, parts } = frame(width, height, [1, Math.max(2, points.length)], [low - pad, high + pad], "", ends);
  parts.push(s("path", { class: "past", d: path(points.map((p, i) => [px(i + 1), py(p.value)])) }));
  points.forEach((p, i) => p.odd && parts.push(s("circle", { class: "tip", cx: px(i + 1), cy: py(p.value), r: 3.5 })));
  return s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title }, parts);
}

export const count = number;
