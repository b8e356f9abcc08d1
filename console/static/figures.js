// The chart of 经营数据: bars of one figure at a time, from the same numbers as the table below it.
"use strict";

const box = document.getElementById("chart");
const { labels, series } = JSON.parse(document.getElementById("bars").textContent);
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--console-${name}`).trim();

box.hidden = false;
const choice = document.createElement("div");
choice.className = "btn-group btn-group-sm flex-wrap mb-2 noprint";
choice.setAttribute("role", "group");
choice.setAttribute("aria-label", "图表内容");
box.before(choice);

const chart = echarts.init(box);
let current = series[0];
const words = (value) => value.toLocaleString("zh-CN");

function show(shown) {
  const [accent, line, dim] = ["accent", "line", "dim"].map(colour);
  current = shown;
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", `${shown.name}走势图，数字见下方数据表`);
  chart.setOption({
    animation: false,
    grid: { left: 8, right: 8, top: 16, bottom: 8, containLabel: true },
    xAxis: { type: "category", data: labels, axisTick: { show: false }, axisLine: { lineStyle: { color: line } }, axisLabel: { color: dim, hideOverlap: true } },
    yAxis: { type: "value", splitLine: { lineStyle: { color: line } }, axisLabel: { color: dim, formatter: words } },
    series: [{ type: "bar", data: shown.values, itemStyle: { color: accent, borderRadius: [3, 3, 0, 0] }, barMaxWidth: 36 }],
  });
  for (const button of choice.children) button.classList.toggle("active", button.textContent === shown.name);
}

for (const each of series) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-outline-primary";
  button.textContent = each.name;
  button.addEventListener("click", () => show(each));
  choice.append(button);
}
show(current);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(current));
addEventListener("resize", () => chart.resize());
