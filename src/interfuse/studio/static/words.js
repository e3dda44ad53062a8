// English is the key; what the library says of data, and its errors, stay as it says them.
import HELP from "./help.js";

const ZH = {
  "Models": "模型", "New fit": "新建拟合", "Menu": "菜单", "Theme: automatic": "主题：自动", "Theme: light": "主题：浅色", "Theme: dark": "主题：深色",
  "Skip to content": "跳到正文", "No models yet": "还没有模型", "running": "正在拟合", "failed": "失败", "stopped": "已停止", "rows": "行",
  "Fit a model to your data, then ask it anything": "为你的数据拟合一个模型，然后随便问",
  "One diffusion model answers every question: new records, missing cells, forecasts, odd rows. Nothing leaves this machine.": "一个扩散模型回答所有问题：新的记录、缺失的单元格、预测、异常的行。数据不会离开这台机器。",
  "Drop a file here, or choose one": "把文件拖到这里，或点击选择",
  "Drop a file, or choose one": "拖放文件，或点击选择",
  "CSV, Parquet, Arrow, JSON lines, pcap, Zeek, eve.json, access logs, syslog; several images": "CSV、Parquet、Arrow、JSON lines、pcap、Zeek、eve.json、访问日志、syslog；也可选多张图片",
  "Take the demo: 12,330 sessions of a web shop": "使用演示数据：某网店的 12,330 次会话",
  "See what it is": "看清数据", "Each column, what it was taken for and why. Say otherwise where you know better.": "每一列被当作什么、为什么。你更清楚时可以改。",
  "Watch it learn": "看它学习", "The loss on rows it never sees. It stops by itself when there is nothing left to learn.": "它从未见过的行上的损失。没有更多可学时自动停止。",
  "Ask, and take it away": "提问并带走", "Every answer shows the command and the Python that give the same bytes.": "每个答案都给出能得到相同字节的命令与 Python 代码。",
  "Uploading": "正在上传", "Reading the data": "正在读取数据", "What it was taken for": "数据被识别为", "Column": "列", "Type": "类型", "Taken for": "识别为", "Why": "原因",
  "Fit": "拟合", "Start the fit": "开始拟合", "Time for training": "训练时间", "until it stops": "直到自动停止", "Seed": "随机种子", "Name of the model": "模型名称", "More options": "更多选项",
  "Kind of data": "数据种类", "as it looks": "自动判断", "Estimate": "预计", "Look again": "重新读取", "columns changed": "列已更改", "Command": "命令行", "Python": "Python", "Copy": "复制", "Copied": "已复制",
  "Starting": "启动", "Reading": "读取", "Preparing": "准备", "Training": "训练", "Calibrating": "校准", "Done": "完成",
  "Held-out loss": "留出损失", "Training loss": "训练损失", "held out": "留出", "training": "训练", "Records seen": "已见记录", "Speed": "速度", "Time": "用时", "Left at most": "最多还需", "Stop and save": "停止并保存", "Go on": "继续", "Stopping after this step": "这一步之后停止",
  "The fit runs in a process of its own: closing this page does not stop it.": "拟合在独立进程中运行：关闭此页不会停止它。",
  "The curve begins at the first evaluation.": "曲线从第一次评估开始。", "What it said": "过程信息", "Stopped; all of it is saved.": "已停止，全部已保存。", "This fit was started elsewhere; go on with it there.": "此拟合在别处启动，请在那里继续。",
  "Drawn columns approach the real ones": "抽取的列逐渐接近真实的列", "drawn": "抽取", "A few rows, drawn at an evaluation from what is learned so far; beside the name, the share that lies elsewhere. What is calibrated at the end is closer.": "评估时用目前所学抽取的少量行；列名旁是落在别处的占比。最后的校准会使其更接近。",
  "The fit failed": "拟合失败", "explain": "解释", "target": "目标列", "blocks": "块", "probes": "打乱的列数", "groups": "组", "draws": "抽取次数", "interval": "区间", "steps": "步数", "columns": "列", "horizon": "预测步数", "guidance": "引导强度", "mask": "空缺", "length": "长度", "window": "窗口", "images": "图像数", "Language": "语言", "default": "默认", "generate": "生成", "impute": "填补", "detect": "查异常", "forecast": "预测", "recommend": "推荐", "similar": "相似", "animate": "动画", "backtest": "回测", "Judge": "评判", "changes": "变化", "Side by side": "并排比较", "About": "关于",
  "Ask": "提问", "Asking": "正在计算", "Format": "格式", "Only where": "条件", "Condition": "条件", "add": "添加", "Add": "添加", "Remove": "移除", "value": "值", "from, to": "从, 到", "a, b, c": "a, b, c", "is": "等于", "is not": "不等于", "one of": "属于", "between": "介于", "above": "大于", "below": "小于", "is missing": "缺失",
  "Use the fitted data": "使用拟合时的数据", "Data": "数据", "other data": "换其他数据", "None yet": "尚无答案", "Set what you want on the left and ask.": "在左侧设置条件，然后提问。",
  "Download": "下载", "Ask again as": "换格式", "First rows": "前几行", "The oddest first": "最异常的在前", "Row": "行号", "How its columns are distributed": "各列的分布", "real": "真实", "real, all rows": "真实，全部行", "synthetic": "合成", "this answer": "本答案", "the other": "另一个答案",
  "The same bytes elsewhere": "在别处得到相同的字节", "missing": "缺失", "and the middle of what may come": "与可能取值的区间", "median": "中位数", "known": "已知", "found": "实际值", "rows in all": "行", "of": "/",
  "Heights of numbers are square roots of shares, so that small ones are seen.": "数值列的高度为占比的平方根，以便看清小的占比。",
  "Earlier answers": "以前的答案", "Two answers to compare": "要比较的两个答案", "Answer": "答案", "Ask at least two questions first.": "请先至少提两个问题。",
  "Judge a synthetic table": "评判合成表", "Real table": "真实表", "Synthetic table": "合成表", "an answer from here": "这里生成的答案", "Generate rows first; the report compares them with the real table.": "请先生成行；报告会把它们与真实表比较。", "Make the report": "生成报告", "A minute or two: figures, their floors, attacks and findings.": "约一两分钟：指标、下限、攻击与发现。", "Open in a tab": "在新标签页打开", "Report": "报告",
  "How it was fitted": "拟合过程", "Columns": "各列", "Source": "来源", "Why it stopped": "停止原因", "Made with": "软件版本", "Weights kept after": "保留的权重在", "examples": "样本之后", "Remove this answer": "删除此答案", "seconds": "秒", "rows that were drawn": "行", "yes": "是", "optional": "可选", "Loading": "加载中", "this model is gone": "此模型已不存在", "All": "全部",
  "Paint the holes": "涂出要填补的部分", "Paint the holes: drag, or arrow keys and space": "涂出要填补的部分：拖动，或用方向键和空格",
};

let language = localStorage.getItem("language") || (navigator.language.startsWith("zh") ? "zh" : "en");

export function t(text) {
  return (language === "zh" && ZH[text]) || text;
}

// A sentence of the library as the attributes and the child of an element.
export function says(text) {
  const other = language === "zh" && HELP[text];
  return [{ lang: language === "zh" && !other ? "en" : null }, other || text];
}

export function lang() {
  return language;
}

export function choose(other) {
  language = other;
  localStorage.setItem("language", other);
}

const locale = () => (language === "zh" ? "zh-CN" : "en");

export function number(x, digits = 0) {
  return x === null || x === undefined ? "–" : x.toLocaleString(locale(), { maximumFractionDigits: digits });
}

export function bytes(n) {
  const units = ["B", "kB", "MB", "GB"];
  let i = 0;
  while (n >= 1000 && i < 3) (n /= 1000), i++;
  return `${number(n, n < 10 && i ? 1 : 0)} ${units[i]}`;
}

export function clock(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  const pad = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  return hours ? `${hours}:${pad(Math.floor((s % 3600) / 60))}:${pad(s % 60)}` : `${Math.floor(s / 60)}:${pad(s % 60)}`;
}
